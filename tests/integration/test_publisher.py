"""The publisher's image makes the manifests and pushes them, on a read-only root and without a home."""

from collections.abc import Iterator
from uuid import uuid4

import docker
import pytest

from tests.integration.fleet import PLATFORM, PUBLISHER, Fleet

REPOSITORY = "/repository/manifests.git"


@pytest.fixture
def volume() -> Iterator[str]:
    """A volume with an empty bare repository that belongs to the image's user."""
    client = docker.from_env()
    made = client.volumes.create(f"mcp-{uuid4().hex}")
    client.containers.run(
        PUBLISHER,
        ["-c", f"git init --quiet --bare -b main {REPOSITORY} && chown -R 10001 /repository"],
        entrypoint="sh",
        user="0",
        volumes=[f"{made.name}:/repository"],
        remove=True,
    )
    yield made.name
    made.remove(force=True)


async def test_it_publishes_once_and_then_has_nothing_to_say(
    fleet: Fleet, volume: str, tmp_path: Path
) -> None:
    async with fleet.world(tmp_path) as world:
        tenant = await world.add_tenant()

    def publish() -> str:
        return fleet.command(
            PUBLISHER,
            "publish",
            volumes=[f"{volume}:/repository"],
            MANIFESTS_REPOSITORY=REPOSITORY,
        )

    first = publish()
    listed = docker.from_env().containers.run(
        PUBLISHER,
        ["-C", REPOSITORY, "ls-tree", "-r", "--name-only", "main"],
        entrypoint="git",
        volumes=[f"{volume}:/repository"],
        remove=True,
    )
    assert f"clients/{tenant.path}/Namespace" in listed.decode()
    assert tenant.path.partition("/")[0] in first
    commits = [
        "-C", REPOSITORY, "rev-list", "--count", "main",
    ]  # fmt: skip
    publish()
    counted = docker.from_env().containers.run(
        PUBLISHER, commits, entrypoint="git", volumes=[f"{volume}:/repository"], remove=True
    )
    assert counted.strip() == b"1"
