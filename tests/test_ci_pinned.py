"""What builds and checks is named so that nobody can put something else in its place."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
GITLAB = ROOT / ".gitlab-ci.yml"
DOCKERFILES = [ROOT / "Dockerfile", *sorted((ROOT / ".ci" / "images").glob("*.Dockerfile"))]
BY_DIGEST = re.compile(r"[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}")
LOCK = ROOT / ".ci" / "cdk8s" / "package-lock.json"


def jobs() -> list[Any]:
    """Every job of every workflow: itself, what its token may do, whether strangers start it."""
    found = []
    for file in WORKFLOWS:
        workflow = yaml.safe_load(file.read_text())
        foreign = "pull_request" in workflow[True]  # YAML reads `on` as true
        for name, job in workflow["jobs"].items():
            allowed = job.get("permissions", workflow["permissions"])
            found.append(pytest.param(job, allowed, foreign, id=f"{file.name}: {name}"))
    return found


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_actions_are_named_by_commit_and_release(file: Path) -> None:
    used = re.findall(r"uses: *(.*)", file.read_text())
    assert used
    assert not [each for each in used if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", each)]


@pytest.mark.parametrize(("job", "allowed", "foreign"), jobs())
def test_where_a_token_may_write_nothing_of_a_strangers_tree_is_run(
    job: Any, allowed: Any, foreign: Any
) -> None:
    assert isinstance(allowed, dict), "`write-all` and `read-all` say too little"
    uses = [step.get("uses", "").partition("@")[0] for step in job["steps"]]
    if "write" in allowed.values() and foreign:
        assert set(uses) <= {"", "actions/download-artifact"}
    for step, name in zip(job["steps"], uses, strict=True):
        if name == "actions/checkout":  # else what runs finds the token in .git/config
            assert step["with"]["persist-credentials"] is False
        assert "${{" not in step.get("run", ""), "names of branches would be commands"


def test_gitlabs_token_is_given_to_no_job_that_checks_out() -> None:
    read = yaml.safe_load(GITLAB.read_text())
    holding = {
        name: job
        for name, job in read.items()
        if isinstance(job, dict) and re.search(r"\$\{?\w*TOKEN", str(job.get("script")))
    }
    known = {"comment": "manifests-comment", "propose-dependencies": "dependencies"}
    assert {name: job["environment"]["name"] for name, job in holding.items()} == known
    assert {job["variables"]["GIT_STRATEGY"] for job in holding.values()} == {"none", "empty"}


def test_images_are_named_by_digest_and_the_base_is_one() -> None:
    gitlab = yaml.safe_load(GITLAB.read_text()).values()
    used = [job["image"] for job in gitlab if isinstance(job, dict) and "image" in job]
    bases = {
        re.search(r"^ARG BASE=(.*)$", file.read_text(), re.MULTILINE)[1] for file in DOCKERFILES
    }  # type: ignore[index]
    bases |= set(re.findall(r"BASE: \$\{BASE_IMAGE:-(.*)\}", (ROOT / "compose.yaml").read_text()))
    assert used
    assert len(bases) == 1
    assert not [each for each in (*used, *bases) if not BY_DIGEST.fullmatch(each)]


def test_the_cli_of_cdk8s_and_all_it_needs_are_installed_by_digest() -> None:
    root, *others = json.loads(LOCK.read_text())["packages"].values()
    assert re.fullmatch(r"\d+\.\d+\.\d+", root["dependencies"]["cdk8s-cli"])
    # What is bundled is in the digest of the package that brings it.
    fetched = [each for each in others if not each.get("inBundle")]
    assert all(each["integrity"].startswith("sha512-") for each in fetched)
    for file in (*WORKFLOWS, GITLAB):
        assert "npx" not in file.read_text()
        if "cdk8s synth" in file.read_text():
            assert "npm ci --prefix .ci/cdk8s --ignore-scripts" in file.read_text()
