"""The publisher's image makes the manifests and pushes them, on a read-only root and without a home."""

from collections.abc import Iterator
from json import dumps
from uuid import uuid4

import docker
import pytest

from tests.integration.fleet import PLATFORM, PUBLISHER, Fleet

REPOSITORY = "/repository/manifests.git"
CONFIG = "/repository/config.json"
FLEET = {
    "platform": {
        "image": "registry.example.com/mcp-platform:1",
        "host": "wa.example.com",
        "token_keys": {"k1": "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"},
        # Nobody here can be asked where the cluster's API is.
        "api_server_ranges": ["192.0.2.10/32"],
    },
    "clients": [],
}


@pytest.fixture
def volume() -> Iterator[str]:
    """A volume with an empty bare repository that belongs to the image's user."""
    client = docker.from_env()
    made = client.volumes.create(f"mcp-{uuid4().hex}")
    client.containers.run(
        PUBLISHER,
        [
            "-c",
            f"git init --quiet --bare -b main {REPOSITORY} && printf %s '{dumps(FLEET)}' > {CONFIG}"
            " && chown -R 10001 /repository",
        ],
        entrypoint="sh",
        user="0",
        volumes=[f"{made.name}:/repository"],
        remove=True,
    )
    yield made.name
    made.remove(force=True)


def test_it_publishes_once_and_then_has_nothing_to_say(fleet: Fleet, volume: str) -> None:
    kept = [f"{volume}:/repository"]

    def publish() -> str:
        return fleet.command(PUBLISHER, "publish", volumes=kept, MANIFESTS_REPOSITORY=REPOSITORY)

    def git(*words: str) -> str:
        said: bytes = docker.from_env().containers.run(
            PUBLISHER, ["-C", REPOSITORY, *words], entrypoint="git", volumes=kept, remove=True
        )
        return said.decode()

    shop = f"shop-{uuid4().hex[:8]}"
    fleet.command(PLATFORM, "config", "import", CONFIG, volumes=kept)
    fleet.command(PLATFORM, "tenants", "create", f"{shop}/production", "--business-name", "Shop")
    assert shop in publish()
    assert f"clients/{shop}/production/Namespace" in git("ls-tree", "-r", "--name-only", "main")
    publish()
    assert git("rev-list", "--count", "main").strip() == "1"
