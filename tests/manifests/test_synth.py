"""The tree on disk: the same bytes every time, and nothing touched that need not be."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ruamel.yaml import YAML

from cdk8s_app import synth
from cdk8s_app.__main__ import main
from cdk8s_app.config import ConfigError, fleet_of
from cdk8s_app.manifest import WrongSpec
from cdk8s_app.synth import folders_of, synthesize
from tests.handed_over import CONFIG
from tests.manifests import fleets

SNAPSHOTS = Path(__file__).with_name("snapshots")
EVERY_SNAPSHOT = {
    "shared": ("as it comes", "barbearia-do-ze/staging"),
    "isolated": ("as it comes", "clinica-sorriso/production"),
    "isolated-sealed-by-queue": (
        "sealed, by queue, with logs and backups",
        "clinica-sorriso/production",
    ),
    "isolated-external-ingress": ("external, ingress, small, old", "clinica-sorriso/development"),
}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def times(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def small(*clients: str, environments: Any = None, **platform: Any) -> dict[str, Any]:
    """Return a fleet of shared tenants, quick to write: of one namespace each."""
    return {
        "platform": platform,
        "argocd": {"repo_url": "https://git.example.com/m.git"},
        "clients": [
            {
                "client_name": name,
                "environments": environments or {"production": {"topology": "shared"}},
            }
            for name in clients
        ],
    }


def unmarked(node: yaml.Node) -> Iterator[str]:
    """Give the texts among the values that stand without quotation marks."""
    match node:
        case yaml.ScalarNode() if node.style is None and node.tag.endswith(":str"):
            yield node.value
        case yaml.SequenceNode():
            for each in node.value:
                yield from unmarked(each)
        case yaml.MappingNode():
            for _, each in node.value:
                yield from unmarked(each)


# What some dialect of YAML takes for something else than a text, or for more than one.
ODD = [
    *(
        "0o7",
        "0o17",
        "0777",
        "0x1f",
        "0b11",
        "1e3",
        "1_000",
        "190:20:30",
        ".5",
        "+.inf",
        ".NaN",
        "089",
    ),
    *(
        "yes",
        "no",
        "on",
        "Off",
        "y",
        "N",
        "true",
        "FALSE",
        "null",
        "~",
        "",
        "2026-11-27",
        "<<",
        "=",
    ),
    *(
        "- a",
        "a: b",
        "a #b",
        "#a",
        "a:",
        "@a",
        "`a",
        "%a",
        "!a",
        "&a",
        "*a",
        "|",
        ">",
        "?",
        "[a",
        "{a",
    ),
    *(
        'say "hi"',
        '"a"',
        "it's",
        "'a'",
        "C:\\new",
        "a\tb",
        " a ",
        "a\n",
        "a\n\n  b: 0o7\n",
        "\n",
        "é€😀",
    ),
    *("--- a", "...", 'a - "b', "https://a.example.com:80/?b=c", "-", "-1x", "1.2.3", "x" * 300),
]


def test_every_text_is_one_by_the_rules_of_each_yaml(tmp_path: Path) -> None:
    """Kubernetes reads 1.1 with the octals of 1.2: both must find what was meant, numbers included."""
    from cdk8s_app.charts import write_folder  # noqa: PLC0415  # starts Node

    keys = {f"k{number}": text for number, text in enumerate(ODD)}
    meant = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "odd", "labels": keys},
        "data": {"texts": ODD, "within": [{"a": ODD, "b": [ODD, [1, "1"]]}], "on": "off", "y": "n"},
        "numbers": [0, 7, -1, 2.5, 1000, True, False, None, [], {}],
    }
    write_folder(tmp_path, [meant])
    text = (tmp_path / "ConfigMap.odd.yaml").read_text("utf-8")

    assert yaml.safe_load(text) == meant
    assert YAML(typ="safe", pure=True).load(text) == meant
    assert list(unmarked(yaml.compose(text))) == []


@pytest.mark.parametrize("variant", fleets.VARIANTS)
def test_files_hold_exactly_the_objects(variant: str, tmp_path: Path) -> None:
    synthesize(fleets.fleet(variant), tmp_path)

    written = tree(tmp_path)
    for folder, objects in folders_of(fleets.fleet(variant)).items():
        for each in objects:
            name = f"{folder}/{each['kind']}.{each['metadata']['name']}.yaml"
            text = written.pop(name)
            assert yaml.load(text, yaml.CSafeLoader) == each
            assert not list(unmarked(yaml.compose(text, yaml.CSafeLoader)))
    assert set(written) == {".index.json", "apply-all.sh"}


def test_two_runs_and_two_processes_write_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synth, "WORTH_A_PROCESS", 2)
    told: list[tuple[int, int]] = []

    synthesize(fleets.fleet(), tmp_path / "one", processes=1)
    synthesize(
        fleets.fleet(),
        tmp_path / "two",
        processes=2,
        progress=lambda done, total: told.append((done, total)),
    )

    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert told[-1] == (4, 4)


def test_the_command_writes_the_same_bytes_as_the_library(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(fleets.config()))
    command = [sys.executable, "-m", "cdk8s_app", "--config", str(file)]
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        env={**os.environ, "CDK8S_OUTDIR": str(tmp_path / "out")},
        cwd=Path(__file__).parents[2],
    )
    synthesize(fleets.fleet(), tmp_path / "library")

    assert tree(tmp_path / "out") == tree(tmp_path / "library")


def test_only_the_client_that_changed_is_written(tmp_path: Path) -> None:
    synthesize(fleet_of(small("aaa", "bbb")), tmp_path)
    before = times(tmp_path)

    nothing = synthesize(fleet_of(small("aaa", "bbb")), tmp_path)
    assert (nothing.written, times(tmp_path)) == ((), before)

    changed = small("aaa", "bbb")
    changed["clients"][1]["environments"]["production"] = {"topology": "isolated"}
    outcome = synthesize(fleet_of(changed), tmp_path)
    after = times(tmp_path)

    assert outcome.written == ("bbb",)
    assert all(after[path] == at for path, at in before.items() if "/aaa/" in path)
    assert (tmp_path / "clients/bbb/production/Deployment.assistant.yaml").is_file()


def test_objects_that_a_tenant_no_longer_has_leave_its_folder(tmp_path: Path) -> None:
    isolated = {"production": {"topology": "isolated"}}
    synthesize(fleet_of(small("aaa", environments=isolated)), tmp_path)
    synthesize(fleet_of(small("aaa")), tmp_path)

    assert not (tmp_path / "clients/aaa/production/Deployment.assistant.yaml").exists()


def test_only_what_would_be_applied_leaves_a_folder(tmp_path: Path) -> None:
    for name in ("notes.md", "old.yaml", "secret.yml", "secret.json"):
        path = tmp_path / "data" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("somebody's")
    synthesize(fleet_of(small("aaa")), tmp_path)

    assert {each.name for each in (tmp_path / "data").iterdir() if each.name.islower()} == {
        "notes.md"
    }


def test_a_setting_of_the_platform_writes_everybody_anew(tmp_path: Path) -> None:
    synthesize(fleet_of(small("aaa", "bbb")), tmp_path)
    outcome = synthesize(fleet_of(small("aaa", "bbb", host="wa.example.com")), tmp_path)

    assert outcome.written == ("platform", "aaa", "bbb")


def test_a_tenant_that_is_gone_stays_until_it_is_pruned(tmp_path: Path) -> None:
    both = {"production": True, "staging": True}
    synthesize(fleet_of(small("aaa", "bbb", environments=both)), tmp_path)
    gone = fleet_of(small("aaa"))
    left = ("clients/aaa/staging", "clients/bbb/production", "clients/bbb/staging")

    outcome = synthesize(gone, tmp_path)
    assert {each for each in outcome.left if each.startswith("clients")} == set(left)
    assert all((tmp_path / folder).is_dir() for folder in left)
    assert (tmp_path / "argocd/clients/bbb/staging").is_dir()

    synthesize(gone, tmp_path, prune=True)
    assert [path.name for path in (tmp_path / "clients").iterdir()] == ["aaa"]
    assert [path.name for path in (tmp_path / "argocd/clients").iterdir() if path.is_dir()] == [
        "aaa"
    ]
    synthesize(gone, tmp_path / "anew")
    assert tree(tmp_path / "anew").items() <= tree(tmp_path).items()


def test_a_run_that_was_broken_off_is_made_good_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthesize(fleet_of(small("aaa")), tmp_path)
    intended = tree(tmp_path)
    with monkeypatch.context() as broken:

        def half_done(*_: object) -> None:
            (tmp_path / "clients/aaa/production/Namespace.aaa-production.yaml").write_text("half")
            raise KeyboardInterrupt

        broken.setattr(synth, "_write_client", half_done)
        with pytest.raises(KeyboardInterrupt):
            synthesize(
                fleet_of(small("aaa", environments={"production": {"enabled": True}})), tmp_path
            )

    synthesize(fleet_of(small("aaa")), tmp_path)

    assert tree(tmp_path) == intended


@pytest.mark.parametrize("name", EVERY_SNAPSHOT)
def test_a_tenant_of_each_kind_looks_as_it_did(name: str) -> None:
    """Set UPDATE_SNAPSHOTS=1 to accept what changed, and read the difference before it is kept."""
    variant, folder = EVERY_SNAPSHOT[name]
    found = yaml.safe_dump_all(fleets.tenant(folder, variant=variant).values(), sort_keys=False)
    path = SNAPSHOTS / f"{name}.yaml"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(found)

    assert found == path.read_text()


def test_it_warns_where_nobody_said_at_which_address_the_clusters_api_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.json"
    for ranges, warned in ((None, 1), (["10.0.0.10/32"], 0)):
        known = {} if ranges is None else {"api_server_ranges": ranges}
        file.write_text(json.dumps(small("aaa", **known)))

        assert main(["--config", str(file), "--output", str(tmp_path / "out")]) == 0
        told = capsys.readouterr().err
        assert told.count("Warning: platform.api_server_ranges is not set") == warned
        assert told.count("kubectl get endpointslices") == warned


def test_what_an_agency_hands_over_becomes_deployments_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--config", str(CONFIG), "--output"]
    assert main([*command, str(tmp_path / "none")]) == 0
    assert "Warning: No Applications are made for Argo CD" in capsys.readouterr().err
    assert not (tmp_path / "none/argocd").exists()

    monkeypatch.setenv("MANIFESTS_REPOSITORY", "https://agency:hunter2@git.example.com/unsaid.git")
    assert main([*command, str(tmp_path / "out")]) == 0
    said = [*command, str(tmp_path / "said"), "--repo-url", "git@git.example.com:said.git"]
    assert main(said) == 0
    assert "Applications" not in capsys.readouterr().err
    for environment in ("development", "staging"):
        objects = [
            yaml.load(file.read_text(), yaml.CSafeLoader)
            for file in (tmp_path / f"out/clients/comercial-guanabara/{environment}").iterdir()
        ]
        assert {"Deployment", "Service", "HTTPRoute"} <= {each["kind"] for each in objects}
        (deployment,) = (each for each in objects if each["kind"] == "Deployment")
        assert "comercial-guanabara-credentials" in json.dumps(deployment)
        name = f"clients/comercial-guanabara/{environment}"
        (application,) = (tmp_path / f"out/argocd/{name}").glob("Application.*.yaml")
        source = yaml.load(application.read_text(), yaml.CSafeLoader)["spec"]["source"]
        assert (source["repoURL"], source["path"]) == ("https://git.example.com/unsaid.git", name)
        (application,) = (tmp_path / f"said/argocd/{name}").glob("Application.*.yaml")
        assert "git@git.example.com:said.git" in application.read_text()
    assert not (tmp_path / "out/clients/comercial-guanabara/production").exists()


def test_a_wrong_file_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(small("aaa", environments={"production": {"topology": "solo"}})))

    assert main(["--config", str(file), "--output", str(tmp_path / "out")]) == 1
    assert "client aaa: environments.production.topology: 'solo'" in capsys.readouterr().err


PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n"

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no list of clients": ({}, "clients"),
    "a client without a name": ({"clients": [{"environments": {}}]}, "clients[0].client_name"),
    "a client twice": (small("aaa", "aaa"), "client aaa: is named twice"),
    "a reserved name": (small("console"), "client console: client_name"),
    "a name that is too long": (small("x" * 41), "client_name"),
    "a name that is no DNS label": (small("Zé"), "client_name"),
    "an amount that is none": (
        small("aaa", environments={"production": {"resources": {"limits": {"cpu": "much"}}}}),
        "client aaa: environments.production.resources.limits.cpu",
    ),
    "a request above its limit": (
        small(
            "aaa",
            environments={
                "production": {
                    "resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "512Mi"}}
                }
            },
        ),
        "client aaa, production: resources: requests.memory 1Gi",
    ),
    "another path": ({**small("aaa"), "path_pattern": "/x/{client_name}"}, "path_pattern"),
    "an unknown field of version 1": (
        {"version": 1, **small("aaa", environments={"production": {"toplogy": "isolated"}})},
        "client aaa: environments.production: 'toplogy'",
    ),
    "a line end after an amount": (
        small("aaa", environments={"production": {"resources": {"limits": {"cpu": "1\n"}}}}),
        "client aaa: environments.production.resources.limits.cpu",
    ),
    "a line end after a name": (small("aaa\n"), "client_name: 'aaa\\n'"),
    "a range of addresses that is none": (
        small("aaa", private_ranges=["10.0.0.0/8", "10.0.0.0/99"]),
        "platform.private_ranges.1: '10.0.0.0/99'",
    ),
    "a range with an address in it": (
        small("aaa", api_server_ranges=["10.0.0.1/8"]),
        "platform.api_server_ranges.0: 10.0.0.1/8 has host bits set",
    ),
    "the whole internet for an API server": (
        small("aaa", api_server_ranges=["203.0.113.1/32", "0.0.0.0/0"]),
        "platform.api_server_ranges.1: 0.0.0.0/0 is more than an API server's address",
    ),
    "a whole private range for an API server": (
        small("aaa", api_server_ranges=["10.0.0.0/8"]),
        "platform.api_server_ranges.0: 10.0.0.0/8 is more",
    ),
    "every IPv6 address for an API server": (
        small("aaa", api_server_ranges=["::/0"]),
        "platform.api_server_ranges.0: ::/0 is more",
    ),
    "a URL where a host stands": (
        small("aaa", host="https://wa.example.com/"),
        "platform.host: 'https://wa.example.com/'",
    ),
    "an image with a space in it": (small("aaa", image="mcp platform"), "platform.image"),
    "a namespace that cannot be one": (
        small("aaa", gateway_namespace="Envoy_Gateway"),
        "platform.gateway_namespace",
    ),
    "a database's host with a login in it": (
        {**small("aaa"), "database": {"host": "postgresql://mcp:hunter2@db/mcp"}},
        "database.host: 'postgresql://…@db/mcp'",
    ),
    "a repository with a password in it": (
        {**small("aaa"), "argocd": {"repo_url": "https://agency:hunter2@git.example.com/m.git"}},
        "argocd.repo_url: 'https://…@git.example.com/m.git'",
    ),
    "a repository with a token in it": (
        {**small("aaa"), "argocd": {"repo_url": "https://hunter2@git.example.com/m.git"}},
        "argocd.repo_url: 'https://…@git.example.com/m.git'",
    ),
    "a folder outside of the repository": (
        {**small("aaa"), "argocd": {"path": "../elsewhere"}},
        "argocd.path",
    ),
    "five fields of a schedule": (
        {
            **small("aaa"),
            "database": {"backups": {"destination": "s3://bucket", "schedule": "0 3 * * *"}},
        },
        "database.backups.schedule",
    ),
    "a password in a setting's URL": (
        small("aaa", settings={"REDIS_URL": "redis://:hunter2@valkey:6379/0"}),
        "platform.settings.REDIS_URL: 'redis://…@valkey:6379/0'",
    ),
    "a secret among the settings": (
        small("aaa", settings={"WHATSAPP_API_TOKEN": "x"}),
        "platform.settings.WHATSAPP_API_TOKEN",
    ),
    "an amount of bytes that were meant to be more": (
        small("aaa", environments={"production": {"resources": {"limits": {"memory": "512"}}}}),
        "client aaa, production: resources: limits.memory 512 is less",
    ),
    "a host of a database that is made here": (
        {**small("aaa"), "database": {"mode": "statefulset", "host": "db.example.com"}},
        "database.host",
    ),
    "ranges of a database that is made here": (
        {**small("aaa"), "database": {"ranges": ["10.0.0.1/32"]}},
        "database.ranges",
    ),
    "an authority of a database without TLS": (
        {**small("aaa"), "database": {"mode": "statefulset", "ca": fleets.AUTHORITY}},
        "database.ca",
    ),
    "an authority that is a file's name": (
        {**small("aaa"), "database": {"ca": "/etc/ssl/ca.pem"}},
        "database.ca",
    ),
    "a private key in place of an authority": (
        {**small("aaa"), "database": {"ca": PRIVATE_KEY}},
        "database.ca: '-----BEGIN PRIVATE KEY-----…",
    ),
    "a private key in place of its public half": (
        small("aaa", token_keys={"first": PRIVATE_KEY}),
        "platform.token_keys.first: '-----BEGIN PRIVATE KEY-----…",
    ),
    "a private key in place of keys by their id": (
        small("aaa", token_keys=PRIVATE_KEY),
        "platform.token_keys: '-----BEGIN PRIVATE KEY-----…",
    ),
    "name servers that nobody knows": (small("aaa", dns=["coredns"]), "platform.dns.0"),
    "a name server's range that is none": (
        small("aaa", dns=["kube-dns", "10.0.0.10/99"]),
        "platform.dns.1: '10.0.0.10/99'",
    ),
    "an image without a tag": (small("aaa", images={"valkey": "valkey/valkey"}), "images.valkey"),
    "a digest that is cut off": (
        small("aaa", images={"valkey": "valkey/valkey:9@sha256:" + "a" * 63}),
        "platform.images.valkey",
    ),
    "the service's own digest that is cut off": (
        small("aaa", image="r.example.com/mcp@sha256:" + "a" * 63),
        "platform.image",
    ),
    "no host of a database elsewhere": (
        {**small("aaa"), "database": {"mode": "external"}},
        "database.host",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_and_named(name: str) -> None:
    wrong, told = WRONG[name]

    with pytest.raises((ConfigError, WrongSpec)) as refused:
        folders_of(fleet_of(wrong))
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.com/agency/manifests.git",
        "git@git.example.com:agency/manifests.git",
        "ssh://git@git.example.com:2222/agency/manifests.git",
        "https://git.example.com:8443/a@b.git",
    ],
)
def test_a_repository_without_a_login_is_taken(url: str) -> None:
    assert fleet_of({"clients": [], "argocd": {"repo_url": url}}).argocd.repo_url == url


def test_what_cannot_be_written_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(small("aaa")), encoding="utf-8-sig")
    (tmp_path / "out").write_text("a file stands here")

    assert main(["--config", str(file), "--output", str(tmp_path / "out")]) == 1
    (told,) = capsys.readouterr().err.strip().splitlines()
    assert "out cannot be written" in told
    assert "File exists" in told


def test_a_hand_written_file_without_a_version_is_enough() -> None:
    seed = {
        "path_pattern": "/{client_name}/{environment}",
        "clients": [
            {
                "client_name": "barbearia-do-ze",
                "environments": {"development": True, "staging": None, "production": {}},
                "credentials_file": "barbearia-do-ze.env",
                "resources": {"limits": {"cpu": "1", "memory": "512Mi"}},
                "note": "fields that nobody knows are passed over",
            }
        ],
    }

    assert [name for name in folders_of(fleet_of(seed)) if "/" in name] == [
        "clients/barbearia-do-ze/development",
        "clients/barbearia-do-ze/production",
    ]


def test_a_database_that_only_has_a_host_is_one_that_is_there_already() -> None:
    fleet = fleet_of({**small("aaa"), "database": {"type": "postgresql", "host": "db.example.com"}})

    assert fleet.database.mode == "external"
    assert not [each for each in folders_of(fleet)["data"] if each["kind"] == "Cluster"]
