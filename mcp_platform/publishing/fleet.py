"""What all tenants share: sections `platform`, `argocd` and `database` of `config.json`.

They are shown and changed here, and checked for what a fleet cannot run without. No cluster is asked:
the check is of the file that becomes manifests.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.credentials.forms import OURS
from mcp_platform.errors import Invalid
from mcp_platform.publishing.config_form import BLOCKS, check_blocks
from mcp_platform.tenants.models import ManifestBlockRow

DEFAULT_IMAGE = "mcp-platform:0.1.0"  # the manifest builder's
SET = "mcp-platform platform set"
# As the manifest builder has it: Git keeps what once was in it.
_SECRET = re.compile("PASSWORD|SECRET|TOKEN|API_KEY|PRIVATE_KEY|DATABASE_URL")

Blocks = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """Something that a fleet does not have: why it needs it, and the command that gives it."""

    field: str
    why: str
    command: str


class FleetBlocks:
    """The sections as the database has them, and changes of them by `actor`."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def read(self) -> Blocks:
        """Return the sections that say anything, in their order in the file."""
        rows = await self._session.scalars(select(ManifestBlockRow))
        bodies = {row.name: row.body for row in rows}
        return {name: bodies[name] for name in BLOCKS if bodies.get(name)}

    async def change(self, patch: Mapping[str, Any]) -> Blocks:
        """Merge `patch` into the sections (JSON merge patch: null takes a field away).

        Raises:
            Invalid: the outcome is not of the form of `config.json`, or holds a secret.
        """
        await self._session.execute(select(ManifestBlockRow.name).with_for_update())
        before = await self.read()
        after: Blocks = _merged(before, patch)
        check_blocks(after)
        for name in after.get("platform", {}).get("settings", {}):
            if _SECRET.search(name):
                raise Invalid(
                    "A secret has no place in manifests.",
                    fields={f"platform.settings.{name}": "is a secret"},
                )
        if after == before:
            return after
        for name in before.keys() - after.keys():
            await self._session.execute(
                delete(ManifestBlockRow).where(ManifestBlockRow.name == name)
            )
        for name, body in after.items():
            putting = insert(ManifestBlockRow).values(name=name, body=body)
            await self._session.execute(
                putting.on_conflict_do_update(index_elements=["name"], set_={"body": body})
            )
        await audit.record(
            self._session,
            actor=self._actor,
            action="platform.update",
            target="config.json",
            before=before,
            after=after,
        )
        return after


def lacks(config: Mapping[str, Any]) -> Iterator[Lack]:
    """Give what the fleet of an exported `config.json` cannot run without."""
    platform, argocd = config.get("platform", {}), config.get("argocd", {})
    if not argocd.get("repo_url"):
        yield Lack(
            field="argocd.repo_url",
            why="Argo CD is told no repository, so nothing is applied; unsaid, it is"
            " MANIFESTS_REPOSITORY",
            command=f"{SET} argocd.repo_url=URL",
        )
    image = platform.get("image", DEFAULT_IMAGE)
    if "/" not in image:
        yield Lack(
            field="platform.image",
            why=f"nodes find no image {image}: it does not say to which registry it was pushed",
            command=f"{SET} image=registry.example.com/{image}",
        )
    if not platform.get("host") and not platform.get("settings", {}).get("PUBLIC_URL"):
        yield Lack(
            field="platform.host",
            why="no route, certificate or webhook has a public address (nor is PUBLIC_URL among"
            " platform.settings)",
            command=f"{SET} host=wa.example.com",
        )
    if not platform.get("token_keys"):
        yield Lack(
            field="platform.token_keys",
            why="each pod makes keys of its own, so that none trusts the tokens of another",
            command=f"{SET} --token-keys keys",
        )
    database = config.get("database", {})
    if database.get("mode") == "external" and not database.get("host"):
        yield Lack(
            field="database.host",
            why="the database is elsewhere, and nothing says where",
            command=f"{SET} database.host=db.example.com",
        )


def looked_up(config: Mapping[str, Any]) -> Iterator[Lack]:
    """Give what nobody set and `publish` therefore asks the cluster for."""
    if not config.get("platform", {}).get("api_server_ranges"):
        yield Lack(
            field="platform.api_server_ranges",
            why="publish asks the cluster of KUBECONFIG, and pushes nothing where there is none",
            command=f"{SET} api_server_ranges=203.0.113.10/32",
        )


def unready(config: Mapping[str, Any]) -> Iterator[Lack]:
    """Give the tenants that answer nobody yet, as their credentials were never given."""
    if config.get("platform", {}).get("credentials") == "external":
        return  # they are in a store that is not looked into
    for client in config["clients"]:
        for environment, said in client["environments"].items():
            keys = set(said.get("credentials", {}).get("keys", ()))
            if said.get("status") != "offboarded" and not keys - set(OURS):
                path = f"{client['client_name']}/{environment}"
                yield Lack(
                    field=path,
                    why="it has no credentials, and answers nobody",
                    command=f"mcp-platform credentials set {path} --from-file FILE.env",
                )


def _merged(before: Any, patch: Any) -> Any:
    """Return a JSON merge patch applied. Source: RFC 7396. What becomes empty goes."""
    if not isinstance(patch, Mapping):
        return patch
    made = dict(before) if isinstance(before, Mapping) else {}
    for name, value in patch.items():
        merged = None if value is None else _merged(made.get(name), value)
        if merged in (None, {}):
            made.pop(name, None)
        else:
            made[name] = merged
    return made
