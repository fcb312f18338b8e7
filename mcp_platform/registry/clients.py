"""Clients: the businesses that the agency looks after."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.forms import (
    ChangeForm,
    CreationForm,
    Name,
    Search,
    VersionedOut,
    check_version,
    merge,
    prefixed,
)
from mcp_platform.kit.paging import Order, Page, PageQuery
from mcp_platform.tenants.models import ClientRow, TenantRow
from mcp_platform.tenants.tenant import check_client_name

ClientName = Annotated[
    str,
    Field(
        min_length=3,
        max_length=40,
        pattern=r"^[a-z0-9][-a-z0-9]{1,38}[a-z0-9]$",
        description="A DNS label: the first segment of its URLs, for good.",
    ),
]
ORDER = Order(ClientRow.name)


class ClientChange(ChangeForm):
    business_name: Annotated[Name, Field(description="As customers know it.")] = ""


class NewClient(CreationForm):
    name: ClientName
    business_name: Annotated[Name, Field(description="As customers know it.")]

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        try:
            return check_client_name(name)
        except Invalid as error:
            raise PydanticCustomError(
                "name", "{why}", {"why": error.fields["client_name"]}
            ) from error


class ClientOut(VersionedOut):
    name: str
    business_name: str
    created_at: datetime
    updated_at: datetime


class ClientQuery(PageQuery):
    prefix: Annotated[Search | None, Field(description="How its name begins.")] = None
    text: Annotated[Search | None, Field(description="Is in its name or its business's.")] = None


class Clients:
    """The clients that `actor` may see, and changes of them."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def create(self, wish: NewClient) -> ClientOut:
        """Make a client. Raises as `create_many` does."""
        return (await self.create_many([wish]))[0]

    async def create_many(self, wishes: Sequence[NewClient]) -> list[ClientOut]:
        """Make clients, in one statement.

        Raises:
            Conflict: one of them exists; of several, `fields` begin with its index.
        """
        await self._check_new(wishes)
        rows = [ClientRow(**wish.columns()) for wish in wishes]
        try:
            async with self._session.begin_nested():
                self._session.add_all(rows)
        except IntegrityError:  # made by somebody else just now
            await self._check_new(wishes)
            raise
        made = [ClientOut.model_validate(row) for row in rows]
        for client in made:
            await self._record("client.create", client.name, after=client)
        return made

    async def get(self, name: str) -> ClientOut:
        """Return a client. Raises NotFound."""
        return ClientOut.model_validate(await self._row(name))

    async def business_names(self) -> dict[str, str]:
        """Return all clients' names, and what their businesses are called."""
        found = await self._session.execute(self._mine())
        return {row.name: row.business_name for (row,) in found}

    async def page(self, query: ClientQuery) -> Page[ClientOut]:
        """Return clients by name."""
        statement = self._mine()
        if query.prefix is not None:
            statement = statement.where(ClientRow.name.startswith(query.prefix, autoescape=True))
        if query.text is not None:
            statement = statement.where(
                ClientRow.name.icontains(query.text, autoescape=True)
                | ClientRow.business_name.icontains(query.text, autoescape=True)
            )
        rows, cursor = await ORDER.page(self._session, statement, query=query)
        return Page(items=[ClientOut.model_validate(row) for (row,) in rows], next_cursor=cursor)

    async def update(
        self, name: str, change: ClientChange, *, versions: frozenset[int] | None
    ) -> ClientOut:
        """Change a client that is in one of `versions`; None: in any.

        Raises:
            NotFound: there is no such client.
            PreconditionFailed: it is in none of `versions`.
        """
        row = await self._row(name, lock=True)
        check_version(row, versions)
        before = ClientOut.model_validate(row)
        merge(row, change.wished())
        await self._session.flush()
        after = ClientOut.model_validate(row)
        if after != before:
            await self._record("client.update", name, before=before, after=after)
        return after

    async def delete(self, name: str, *, versions: frozenset[int] | None) -> None:
        """Remove a client that has no environment.

        Raises:
            NotFound: there is no such client.
            PreconditionFailed: it is in none of `versions`.
            Conflict: it has environments.
        """
        row = await self._row(name, lock=True)
        check_version(row, versions)
        environments = (
            await self._session.scalars(
                select(TenantRow.environment)
                .where(TenantRow.client_name == name)
                .order_by(TenantRow.environment)
            )
        ).all()
        if environments:
            raise Conflict(f"{name} still has {', '.join(environments)}: off-board them first.")
        before = ClientOut.model_validate(row)
        await self._session.delete(row)
        await self._record("client.delete", name, before=before)

    def _mine(self) -> Select[ClientRow]:
        statement = select(ClientRow)
        if self._actor.tenant is not None:
            statement = statement.where(ClientRow.name == self._actor.tenant.partition("/")[0])
        return statement

    async def _row(self, name: str, *, lock: bool = False) -> ClientRow:
        statement = select(ClientRow).where(ClientRow.name == name)
        if lock:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        row = await self._session.scalar(statement)
        if row is None or not (self._actor.tenant or f"{name}/").startswith(f"{name}/"):
            raise NotFound(f"There is no client {name}.")
        return row

    async def _check_new(self, wishes: Sequence[NewClient]) -> None:
        names = [wish.name for wish in wishes]
        known = set(
            await self._session.scalars(select(ClientRow.name).where(ClientRow.name.in_(names)))
        )
        fields: dict[str, str] = {}
        for index, name in enumerate(names):
            if name in known:
                fields[prefixed(index, of=len(names))("name")] = f"there is a client {name} already"
            known.add(name)
        if fields:
            raise Conflict("; ".join(fields.values()), fields=fields)

    async def _record(
        self,
        action: str,
        name: str,
        *,
        before: ClientOut | None = None,
        after: ClientOut | None = None,
    ) -> None:
        await audit.record(
            self._session,
            actor=self._actor,
            action=action,
            target=name,
            before=None if before is None else before.model_dump(mode="json"),
            after=None if after is None else after.model_dump(mode="json"),
        )
