"""What has to be written, and the writing: a fleet in, a folder tree out.

An index tells a run what an earlier one wrote. A client that did not change is neither checked nor
built nor touched. Folders of clients and environments that are gone are removed only on request,
because Argo CD would then remove what runs.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from cdk8s_app import argocd, place, platform
from cdk8s_app.apply import APPLY_ALL, ASK_FOR_ADDRESSES, apply_all
from cdk8s_app.config import ENVIRONMENTS, Client, Fleet
from cdk8s_app.manifest import Manifest
from cdk8s_app.tenant import tenant_objects

INDEX = ".index.json"
CLIENTS = "clients"
# Starting a second Python with a second Node costs about a second: so many clients take it too.
WORTH_A_PROCESS = 40
# jsii keeps every object for as long as Node lives, a quarter of a megabyte a tenant: so many clients share one.
CLIENTS_OF_ONE_NODE = 500
CHUNK = 10

Folders = dict[str, list[Manifest]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did. Folders are relative to the output."""

    clients: int
    written: tuple[str, ...]
    """Clients that were written, and `platform` where the shared part was."""
    left: tuple[str, ...]
    """Folders of what is no longer in the file."""
    pruned: bool
    """Whether those were removed."""
    warnings: tuple[str, ...] = ()
    """What the fleet cannot do without and the file does not say, a sentence each."""


def synthesize(
    fleet: Fleet,
    output: Path,
    *,
    prune: bool = False,
    processes: int | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Bring the tree under `output` to what `fleet` says.

    Args:
        fleet: from `read_fleet`.
        output: folder of the tree; made when missing.
        prune: remove the folders of clients and environments that are gone.
        processes: how many work side by side. None: one for each core, and one for little work.
        progress: told how many units are done, of how many.

    Raises:
        ConfigError: a client's entry is wrong.
        WrongSpec: what is asked for cannot be a Kubernetes object.
    """
    tell = progress or (lambda done, total: None)  # noqa: ARG005  # nobody listens
    output.mkdir(parents=True, exist_ok=True)
    shared = _digest([builder(), repr((fleet.platform, fleet.argocd, fleet.database))])
    wanted = {
        client.name: _digest([shared, client.entry, client.versioned]) for client in fleet.clients
    }
    known = _read_index(output)
    stale = [
        client
        for client in fleet.clients
        if known.get(client.name) != wanted[client.name] or not _there(client, output)
    ]
    stale_shared = known.get("") != shared or not (output / "platform").is_dir()
    names = {client.name for client in stale}
    kept = {name: digest for name, digest in wanted.items() if name not in names}
    if stale or stale_shared:
        # A run that is broken off must not leave a folder that passes for written.
        _write_index(output, kept if stale_shared else {"": shared, **kept})
    total = len(stale) + stale_shared
    if stale_shared:
        _write(output, shared_folders(fleet))
        tell(1, total)
    _write_clients(
        fleet,
        stale,
        output,
        processes=processes,
        progress=lambda n: tell(n + stale_shared, total),
    )
    left = tuple(_left(fleet, output))
    if prune:
        for folder in left:
            shutil.rmtree(output / folder)
        _remove_empty(output)
    _apply_script(fleet, output)
    _write_index(output, {"": shared, **wanted})
    return Outcome(
        clients=len(fleet.clients),
        written=(*(["platform"] if stale_shared else []), *sorted(names)),
        left=left,
        pruned=prune,
        warnings=tuple(warnings(fleet)),
    )


def warnings(fleet: Fleet) -> Iterator[str]:
    """Give what a fleet cannot run without, as far as the file does not say it."""
    if fleet.argocd.repo_url is None:
        yield (
            "No Applications are made for Argo CD: name the manifests repository by --repo-url,"
            " MANIFESTS_REPOSITORY or argocd.repo_url."
        )
    if "/" not in fleet.platform.image:
        yield (
            f"platform.image is {fleet.platform.image}: nodes find no image that does not say to"
            " which registry it was pushed."
        )
    if fleet.platform.host is None and "PUBLIC_URL" not in fleet.platform.settings:
        yield "platform.host is not set: no route, certificate or webhook has a public address."
    if not fleet.platform.token_keys:
        yield "platform.token_keys is not set: no pod trusts the tokens of another."
    if fleet.database.ca is None and fleet.database.mode != "statefulset":
        yield (
            "database.ca is not set: connections to Postgres are encrypted where it can be, and prove"
            " nothing. Name the certificate of the authority that signs Postgres'."
        )
    if (
        place.database_address(fleet.database) is None
        and place.database_pods(fleet.database) is None
        and not fleet.database.ranges
    ):
        yield (
            f"database.ranges is not set: pods may go to port {fleet.database.port} of every"
            " address, as policies know no names."
        )
    if fleet.platform.logs is not None and not fleet.platform.logs.ranges:
        yield "platform.logs.ranges is not set: Filebeat may go to that port of every address."
    if not fleet.platform.api_server_ranges:
        yield (
            "platform.api_server_ranges is not set: no NetworkPolicy lets gateway, worker,"
            f" provisioner and database to the cluster's API. Its addresses: {ASK_FOR_ADDRESSES}"
        )


def builder() -> str:
    """Return a digest of this package and of cdk8s: another builder writes everything again."""
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    return _digest([version("cdk8s"), *(path.read_text(encoding="utf-8") for path in sources)])


def folders_of(fleet: Fleet) -> Folders:
    """Return the whole tree, as objects by folder. Raises ConfigError, WrongSpec."""
    folders = shared_folders(fleet)
    for client in fleet.clients:
        folders |= client_folders(fleet, client)
    return folders


def client_folders(fleet: Fleet, client: Client) -> Folders:
    """Return what stands in each folder of one client. Raises ConfigError, WrongSpec."""
    tenants = client.tenants()
    folders: Folders = {
        f"{CLIENTS}/{tenant.path}": tenant_objects(
            tenant, platform=fleet.platform, database=fleet.database
        )
        for tenant in tenants
    }
    if tenants and fleet.argocd.repo_url is not None:
        folders |= argocd.client_folders(client.name, tenants, argocd=fleet.argocd)
    return folders


def shared_folders(fleet: Fleet) -> Folders:
    """Return what stands in the folders that all clients share."""
    folders = {
        "data": platform.data_objects(fleet.platform, fleet.database),
        "platform": platform.platform_objects(fleet.platform, fleet.database),
    }
    if fleet.argocd.repo_url is not None:
        folders["argocd"] = argocd.root_objects(fleet.argocd)
    return folders


def _write(output: Path, folders: Folders) -> None:
    from cdk8s_app.charts import write_folder  # noqa: PLC0415  # starts Node

    for folder, objects in folders.items():
        write_folder(output / folder, objects)


def _write_clients(
    fleet: Fleet,
    clients: list[Client],
    output: Path,
    *,
    processes: int | None,
    progress: Callable[[int], None],
) -> None:
    count = processes or (os.cpu_count() or 1)
    if len(clients) < WORTH_A_PROCESS or count == 1:
        for done, client in enumerate(clients, start=1):
            _write_client(fleet, output, client)
            progress(done)
        return
    work = partial(_write_chunk, Fleet(fleet.platform, fleet.argocd, fleet.database, ()), output)
    done = 0
    wave = count * CLIENTS_OF_ONE_NODE
    for start in range(0, len(clients), wave):
        for written in _side_by_side(work, clients[start : start + wave], processes=count):
            done += written
            progress(done)


def _side_by_side(
    work: Callable[[list[Client]], int], clients: list[Client], *, processes: int
) -> Iterator[int]:
    """Give how many more clients are written, as they are; the processes end with their Nodes."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        chunks = [
            pool.submit(work, clients[start : start + CHUNK])
            for start in range(0, len(clients), CHUNK)
        ]
        try:
            for chunk in as_completed(chunks):
                yield chunk.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _write_chunk(fleet: Fleet, output: Path, clients: list[Client]) -> int:
    for client in clients:
        _write_client(fleet, output, client)
    return len(clients)


def _write_client(fleet: Fleet, output: Path, client: Client) -> None:
    _write(output, client_folders(fleet, client))


def _there(client: Client, output: Path) -> bool:
    """Tell whether something was written for the client; that it is right, the index says."""
    return (output / CLIENTS / client.name).is_dir() or not any(
        _declares(client, environment) for environment in ENVIRONMENTS
    )


def _left(fleet: Fleet, output: Path) -> Iterator[str]:
    """Give the folders under `clients` and `argocd/clients` that no tenant stands for."""
    declared = {client.name: client for client in fleet.clients}
    for base in (CLIENTS, f"argocd/{CLIENTS}"):
        for folder in sorted((output / base).glob("*/*/")):
            client = declared.get(folder.parent.name)
            if client is None or not _declares(client, folder.name):
                yield str(folder.relative_to(output))


def _declares(client: Client, environment: str) -> bool:
    environments = client.entry.get("environments")
    found = environments.get(environment) if isinstance(environments, dict) else None
    return found is True or (isinstance(found, dict) and found.get("enabled", True))


def _remove_empty(output: Path) -> None:
    """Remove clients' folders that hold no environment any more."""
    for base in (CLIENTS, f"argocd/{CLIENTS}"):
        for folder in (output / base).glob("*/"):
            if not any(each.is_dir() for each in folder.iterdir()):
                shutil.rmtree(folder)


def _apply_script(fleet: Fleet, output: Path) -> None:
    path = output / APPLY_ALL
    text = apply_all(fleet.platform, fleet.database)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8", newline="\n")
        path.chmod(0o755)


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _read_index(output: Path) -> dict[str, str]:
    try:
        found = json.loads((output / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_index(output: Path, digests: dict[str, str]) -> None:
    text = json.dumps(digests, indent=0, sort_keys=True) + "\n"
    path = output / INDEX
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8", newline="\n")
