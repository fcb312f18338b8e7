"""Publishing to a real bare Git repository, with a builder that is quick to run."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcp_platform.errors import Conflict, Invalid, Unavailable
from mcp_platform.publishing.manifests_repository import ManifestsRepository
from mcp_platform.publishing.publishing import (
    Publication,
    Synth,
    difference,
    publish,
    tenant_digests,
    with_repository,
)


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    made = tmp_path / "manifests.git"
    made.mkdir()
    git(made, "init", "--quiet", "--bare", "--initial-branch=main")
    return made


class Fleet:
    """Stands for the database: what an export says can be changed between two of them."""

    def __init__(self, *clients: str) -> None:
        self.clients: dict[str, Any] = {
            name: {"production": {"topology": "shared"}} for name in clients
        }
        self.exports = 0

    def __call__(self) -> bytes:
        self.exports += 1
        said = [
            {"client_name": name, "environments": environments}
            for name, environments in sorted(self.clients.items())
        ]
        return json.dumps({"version": 1, "clients": said}).encode()


def synth(config: Path, output: Path, *, prune: bool) -> None:
    """Write one file a tenant, as the real builder writes many."""
    wanted = tenant_digests(config.read_bytes())
    for path, digest in wanted.items():
        folder = output / "clients" / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "namespace.yaml").write_text(
            f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {path.replace('/', '-')}}}\n# {digest}\n"
        )
    if prune:
        for file in output.glob("clients/*/*/namespace.yaml"):
            if str(file.parent.relative_to(output / "clients")) not in wanted:
                file.unlink()


def published(
    bare: Path,
    fleet: Callable[[], bytes],
    *,
    synth: Synth = synth,
    prune: bool = False,
) -> Publication:
    return publish(export=fleet, synth=synth, url=str(bare), branch="main", prune=prune)


def files(bare: Path) -> list[str]:
    return git(bare, "ls-tree", "-r", "--name-only", "main").splitlines()


def test_the_first_run_makes_the_branch_and_says_which_tenants_are_new(bare: Path) -> None:
    done = published(bare, Fleet("salao-da-lu", "barbearia-do-ze"))

    assert done.commit == git(bare, "rev-parse", "main").strip()
    assert files(bare) == [
        "clients/barbearia-do-ze/production/namespace.yaml",
        "clients/salao-da-lu/production/namespace.yaml",
        "config.json",
    ]
    message = git(bare, "log", "-1", "--format=%B", "main")
    assert message.startswith("Tenants: 2 added\n")
    assert "- clients/salao-da-lu/production added (1 files)" in message


def test_nothing_is_pushed_when_nothing_changed(bare: Path) -> None:
    fleet = Fleet("salao-da-lu")
    first = published(bare, fleet)

    again = published(bare, fleet)

    assert (again.commit, again.head, again.changes) == (None, first.commit, ())
    assert git(bare, "rev-list", "--count", "main").strip() == "1"


def test_one_changed_tenant_is_named_in_the_subject(bare: Path) -> None:
    fleet = Fleet("salao-da-lu", "barbearia-do-ze")
    published(bare, fleet)
    fleet.clients["salao-da-lu"]["production"]["topology"] = "isolated"

    done = published(bare, fleet)

    assert [(each.folder, each.kind) for each in done.changes] == [
        ("clients/salao-da-lu/production", "changed")
    ]
    assert git(bare, "log", "-1", "--format=%s", "main").strip() == "salao-da-lu/production changed"


def test_a_tenant_that_is_gone_keeps_its_folder_until_it_is_pruned(bare: Path) -> None:
    fleet = Fleet("salao-da-lu", "barbearia-do-ze")
    published(bare, fleet)
    del fleet.clients["salao-da-lu"]

    published(bare, fleet)
    assert "clients/salao-da-lu/production/namespace.yaml" in files(bare)

    done = published(bare, fleet, prune=True)
    assert [(each.folder, each.kind) for each in done.changes] == [
        ("clients/salao-da-lu/production", "removed")
    ]
    assert "clients/salao-da-lu/production/namespace.yaml" not in files(bare)


def test_who_is_overtaken_begins_again_and_both_commits_stay(bare: Path, tmp_path: Path) -> None:
    fleet = Fleet("salao-da-lu")
    published(bare, fleet)
    overtaken: list[str] = []

    def while_somebody_pushes(config: Path, output: Path, *, prune: bool) -> None:
        synth(config, output, prune=prune)
        if not overtaken:
            other = tmp_path / "other"
            git(tmp_path, "clone", "--quiet", str(bare), str(other))
            (other / "NOTES.md").write_text("By hand.\n")
            git(other, "add", "--all")
            git(other, "commit", "--quiet", "--message", "By hand")
            git(other, "push", "--quiet")
            overtaken.append(git(other, "rev-parse", "HEAD").strip())
            # And meanwhile somebody added a client.
            fleet.clients["clinica-sorriso"] = {"production": {"topology": "shared"}}

    fleet.clients["barbearia-do-ze"] = {"production": {"topology": "shared"}}
    done = published(bare, fleet, synth=while_somebody_pushes)

    assert git(bare, "rev-parse", "main~1").strip() == overtaken[0]
    assert git(bare, "rev-parse", "main").strip() == done.commit
    assert fleet.exports == 3
    assert {"NOTES.md", "clients/clinica-sorriso/production/namespace.yaml"} <= set(files(bare))


def test_who_is_always_overtaken_gives_up_with_a_sentence(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_platform.publishing.publishing.PAUSE_S", 0)
    counted = iter(range(100))

    def while_somebody_pushes(config: Path, output: Path, *, prune: bool) -> None:
        synth(config, output, prune=prune)
        folder = bare.parent / f"other{next(counted)}"
        repository = ManifestsRepository(str(bare), branch="main", folder=folder)
        (folder / "count").write_text(folder.name)
        repository.commit("Again")
        repository.push()

    with pytest.raises(Conflict, match="Others pushed to main before us 6 times"):
        published(bare, Fleet("salao-da-lu"), synth=while_somebody_pushes)


@pytest.mark.parametrize(
    "content",
    [
        "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {A: b}\n",
        "apiVersion: v1\nkind: ConfigMap\n---\nkind: Secret\napiVersion: v1\n",
        "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Secret}]\n",
        "kind: List\nitems: [{kind: List, items: [{apiVersion: v1, kind: Secret}]}]\n",
        '{"apiVersion": "v1", "kind": "Secret"}',
        '[{"apiVersion": "v1", "kind": "Secret"}]',
        "data: {DATABASE_URL: 'postgresql://mcp:MIIE@db/mcp'}\n",
        "repoURL: https://:MIIE@git.example.com/m.git\n",
        "data:\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    MIIE\n",
        "value: AIza" + "x" * 35 + "\n",
        "value: AQ.Ab8RN6" + "x" * 40 + "\n",
    ],
)
def test_a_tree_with_a_secret_in_clear_is_not_pushed(bare: Path, content: str) -> None:
    def leaking(config: Path, output: Path, *, prune: bool) -> None:
        synth(config, output, prune=prune)
        (output / "clients" / "leak.yaml").write_text(content)

    with pytest.raises(Conflict, match=r"clients/leak\.yaml holds .* Nothing was pushed") as caught:
        published(bare, Fleet("salao-da-lu"), synth=leaking)

    assert "MIIE" not in str(caught.value)
    assert git(bare, "for-each-ref") == ""


def by_hand(bare: Path, tmp_path: Path, **contents: str) -> None:
    """Push files that somebody wrote, `a__b` for `a/b`."""
    theirs = tmp_path / "theirs"
    git(tmp_path, "clone", "--quiet", str(bare), str(theirs))
    for name, content in contents.items():
        path = theirs / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    git(theirs, "add", "--all")
    git(theirs, "commit", "--quiet", "--message", "By hand")
    git(theirs, "push", "--quiet")


def test_a_secret_that_somebody_pushed_is_found(bare: Path, tmp_path: Path) -> None:
    published(bare, Fleet("salao-da-lu"))
    secret = {"clients__salao-da-lu__leak.yaml": "apiVersion: v1\nkind: Secret\n"}
    by_hand(bare, tmp_path, **secret)

    with pytest.raises(Conflict, match=r"clients/salao-da-lu/leak\.yaml holds a Secret in clear"):
        published(bare, Fleet("salao-da-lu", "barbearia-do-ze"))


def test_the_index_is_believed_only_while_nobody_pushed_by_hand(bare: Path, tmp_path: Path) -> None:
    indexed: list[bool] = []

    def with_an_index(config: Path, output: Path, *, prune: bool) -> None:
        synth(config, output, prune=prune)
        indexed.append((output / ".index.json").exists())
        (output / ".index.json").write_text("{}")

    published(bare, Fleet("salao-da-lu"), synth=with_an_index)
    published(bare, Fleet("salao-da-lu"), synth=with_an_index)
    name = "clients__salao-da-lu__production__namespace.yaml"
    by_hand(bare, tmp_path, **{name: "kind: Namespace\n"})
    done = published(bare, Fleet("salao-da-lu"), synth=with_an_index)

    assert indexed == [False, True, False]
    assert [(each.folder, each.kind) for each in done.changes] == [
        ("clients/salao-da-lu/production", "changed")
    ]


def test_what_the_repository_tells_git_to_pass_over_is_pushed_all_the_same(
    bare: Path, tmp_path: Path
) -> None:
    by_hand(bare, tmp_path, **{".gitignore": "build/\n*.json\n"})

    published(bare, Fleet("build"))

    assert {"clients/build/production/namespace.yaml", "config.json"} <= set(files(bare))


@pytest.mark.parametrize("path", ["clusters/main", "clusters/main/"])
def test_manifests_stand_in_the_folder_that_argo_cd_reads(bare: Path, path: str) -> None:
    fleet = Fleet("salao-da-lu")

    def in_a_folder() -> bytes:
        return json.dumps({**json.loads(fleet()), "argocd": {"path": path}}).encode()

    done = published(bare, in_a_folder)

    assert files(bare) == [
        "clusters/main/clients/salao-da-lu/production/namespace.yaml",
        "clusters/main/config.json",
    ]
    assert [each.folder for each in done.changes] == ["clients/salao-da-lu/production"]
    assert git(bare, "log", "-1", "--format=%s").strip() == "salao-da-lu/production added"
    assert published(bare, in_a_folder).commit is None


def test_what_only_speaks_of_secrets_is_pushed(bare: Path) -> None:
    def harmless(config: Path, output: Path, *, prune: bool) -> None:
        synth(config, output, prune=prune)
        (output / "clients" / "role.yaml").write_text(
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec: {template: {type: Opaque}}\n"
            "---\nurl: 'postgresql://{{ .username }}:{{ .password | urlquery }}@db:5432/mcp'\n"
            "---\nurl: postgresql://$(NAME):$(PASSWORD)@db:5432/mcp\n"
            "---\nurl: https://git.example.com:8443/a@b.git\n"
        )

    assert published(bare, Fleet("salao-da-lu"), synth=harmless).commit is not None


def test_a_difference_is_shown_and_not_pushed(bare: Path) -> None:
    fleet = Fleet("salao-da-lu")
    published(bare, fleet)
    fleet.clients["barbearia-do-ze"] = {"production": {"topology": "shared"}}

    changes, lines = difference(export=fleet, synth=synth, url=str(bare), branch="main")

    assert [each.folder for each in changes] == ["clients/barbearia-do-ze/production"]
    assert "+kind: Namespace" in lines
    assert git(bare, "rev-list", "--count", "main").strip() == "1"


@pytest.mark.parametrize("password", ["hunter2", "hun@ter2", "hun/ter2", "4/hun@ter2"])
def test_a_repository_that_is_not_there_is_said_without_its_password(password: str) -> None:
    with pytest.raises(Unavailable, match="git ls-remote") as caught:
        publish(
            export=Fleet("salao-da-lu"),
            synth=synth,
            url=f"http://agency:{password}@127.0.0.1:9/manifests.git",
            branch="main",
            prune=False,
        )
    assert "hun" not in str(caught.value)
    assert "ter2" not in str(caught.value)


def test_argo_cd_is_told_the_repository_that_is_pushed_to_unless_it_is_said(bare: Path) -> None:
    url = "https://agency:hun/ter@2@git.example.com/m.git"
    unsaid = with_repository(b'{"clients": []}', url=url, branch="live")
    assert json.loads(unsaid)["argocd"] == {
        "repo_url": "https://git.example.com/m.git",
        "target_revision": "live",
    }
    said = b'{"argocd": {"repo_url": "https://git.example.com/other.git"}, "clients": []}'
    assert with_repository(said, url=url, branch="live") == said


@pytest.mark.parametrize("branch", ["--force", "a..b", "x.lock", "", "a b"])
def test_a_branch_that_is_no_branch_is_refused(bare: Path, branch: str) -> None:
    with pytest.raises(Invalid, match="no name for a branch"):
        publish(export=Fleet("abc"), synth=synth, url=str(bare), branch=branch, prune=False)


def test_a_link_in_the_repository_leads_nowhere(bare: Path, tmp_path: Path) -> None:
    published(bare, Fleet("salao-da-lu"))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "profile").write_text("mine")
    git(tmp_path, "clone", "--quiet", str(bare), "theirs")
    theirs = tmp_path / "theirs"
    (theirs / "config.json").unlink()
    (theirs / "config.json").symlink_to(outside / "profile")
    (theirs / "clients" / "other").symlink_to(outside)
    git(theirs, "add", "--all")
    git(theirs, "commit", "--quiet", "--message", "links")
    git(theirs, "push", "--quiet")

    with pytest.raises((Conflict, OSError)):
        published(bare, Fleet("salao-da-lu", "other"))
    assert (outside / "profile").read_text() == "mine"
    assert [each.name for each in outside.iterdir()] == ["profile"]


def test_what_is_refused_was_never_asked_for(bare: Path) -> None:
    asked: list[object] = []

    def publishing(*, accepted: bool) -> Publication:
        return publish(
            export=Fleet("abc"), synth=synth, url=str(bare), branch="main", prune=False,
            requested=asked.append, accepts=lambda _: accepted,
        )  # fmt: skip

    with pytest.raises(Conflict, match="than what was shown"):
        publishing(accepted=False)
    assert asked == []
    assert [publishing(accepted=True).digests, publishing(accepted=True).digests] == asked
