"""Images that are not ours are named alike everywhere, and get the digests that the registry tells."""

import os
import re
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from cdk8s_app.config import fleet_of
from cdk8s_app.settings import Images

ROOT = Path(__file__).parent.parent.parent
FILES = (
    *("compose.yaml", "compose.observability.yaml", "cdk8s_app/settings.py"),
    *("cdk8s_app/config.schema.json", "docs/config.schema.json"),
    "mcp_platform/publishing/config.schema.json",
)
OTHERS = re.compile(r"image: \$\{(?!PLATFORM)[A-Z]+_IMAGE:-(.*)\}")
NOTHING_NEW = 3


def of_compose(root: Path) -> set[str]:
    texts = (root / name for name in FILES[:2])
    return {image for text in texts for image in OTHERS.findall(text.read_text())}


def test_the_manifests_name_the_images_of_the_compose_files() -> None:
    assert set(asdict(Images()).values()) <= of_compose(ROOT)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    made = tmp_path / "repository"
    for name in (*FILES, ".ci/pin-images"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, made / name)
    as_somebody = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for command in (["init", "-q"], ["add", "."], [*as_somebody, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=made, check=True)
    return made


def pin(repository: Path, answer: str) -> subprocess.CompletedProcess[str]:
    """Run the script with a Docker that answers so; `$5` is the image it is asked for."""
    docker = repository.parent / "docker"
    docker.write_text(f"#!/bin/sh\n{answer}\n")
    docker.chmod(0o755)
    return subprocess.run(
        [repository / ".ci" / "pin-images"],
        env={**os.environ, "PATH": f"{docker.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_digests_are_written_behind_every_tag_and_are_taken_by_the_builder(
    repository: Path,
) -> None:
    tags = {image.partition("@")[0] for image in of_compose(ROOT)}
    by_name = 'echo "sha256:$(printf %s "$6" | sha256sum | cut -c1-64)"'

    done = pin(repository, by_name)

    assert done.returncode == 0, done.stderr
    pinned = of_compose(repository)
    assert {image.partition("@")[0] for image in pinned} == tags
    assert all(re.fullmatch(r".+@sha256:[0-9a-f]{64}", image) for image in pinned)
    assert len({image.partition("@")[2] for image in pinned}) == len(pinned)
    said = (repository / "cdk8s_app/settings.py").read_text()
    for name, image in asdict(Images()).items():
        (new,) = (each for each in pinned if each.startswith(image.partition("@")[0] + "@"))
        assert f'{name}: str = "{new}"' in said
        assert fleet_of({"clients": [], "platform": {"images": {name: new}}})
    schemas = {(repository / name).read_text() for name in FILES if name.endswith(".json")}
    (schema,) = schemas
    assert len(re.findall("@sha256:[0-9a-f]{64}", schema)) == len(asdict(Images()))

    assert pin(repository, by_name).returncode == 0, "what differs from the last commit is new"
    subprocess.run(["git", "commit", "-qam", "x", "--author=x <x@example.org>"], cwd=repository,
                   env={**os.environ, "GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x@x"},
                   check=True)  # fmt: skip
    assert pin(repository, by_name).returncode == NOTHING_NEW
    newer = pin(repository, f"echo sha256:{'f' * 64}")
    assert newer.returncode == 0
    assert {image.partition("@")[2] for image in of_compose(repository)} == {f"sha256:{'f' * 64}"}


@pytest.mark.parametrize("answer", ["echo", "echo sha256:12", "echo 'sha256:#;w /tmp/x'", "exit 1"])
def test_what_is_no_digest_is_refused_and_changes_nothing(repository: Path, answer: str) -> None:
    before = {name: (repository / name).read_bytes() for name in FILES}

    assert pin(repository, answer).returncode == 1
    assert {name: (repository / name).read_bytes() for name in FILES} == before
