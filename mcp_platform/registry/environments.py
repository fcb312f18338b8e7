"""Environments of clients, which are the tenants: their names, rules, numbers and calendars.

Credentials, the catalogue and off-boarding have rooms or modules of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.conversations.phones import EXAMPLE, international
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.forms import (
    WHOLE,
    ChangeForm,
    CommandOption,
    CreationForm,
    Form,
    Line,
    Paragraphs,
    Search,
    VersionedOut,
    check_version,
    constraint,
    merge,
    prefixed,
    written,
)
from mcp_platform.kit.paging import Order, Page, PageQuery
from mcp_platform.outbox.notices import NO_OWNER
from mcp_platform.outbox.troubles import OWNER as OWNER_NOTICE
from mcp_platform.registry.resources import COLUMNS, Resources, check_resources, shown
from mcp_platform.registry.shapes import CalendarId, MetaId, Number
from mcp_platform.reminders.timing import LEAST_HOURS, MOST_HOURS
from mcp_platform.scheduling.catalogue import (
    DEFAULT_HORIZON,
    DEFAULT_MINIMUM_NOTICE,
    DEFAULT_SLOT_STEP,
    DEFAULT_TIME_ZONE,
    BookingRules,
)
from mcp_platform.scheduling.catalogue_store import MINUTE
from mcp_platform.scheduling.holidays import check_region
from mcp_platform.tenants.directory import tenant_of
from mcp_platform.tenants.health import strike
from mcp_platform.tenants.languages import Language
from mcp_platform.tenants.models import ClientRow, TenantRow, was_purged
from mcp_platform.tenants.tenant import Article, Environment, Kind, Tenant, TenantId

Status = Literal["active", "suspended"]
Topology = Literal["shared", "isolated"]
TimeZone = Annotated[
    str, Field(max_length=64, pattern=r"^[A-Za-z0-9+_/-]+$", description="An IANA name.")
]
SlotStep = Annotated[
    int, Field(ge=5, le=480, description="Minutes between possible starts."), WHOLE
]
MinimumNotice = Annotated[int, Field(ge=0, le=43_200, description="30 days at most."), WHOLE]
ReminderHours = Annotated[int, Field(ge=LEAST_HOURS, le=MOST_HOURS), WHOLE]
UnconfirmedHours = Annotated[int, Field(ge=1, le=MOST_HOURS), WHOLE]
ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="HH:MM.")]
HorizonDays = Annotated[int, Field(ge=0, le=730), WHOLE]
ORDER = Order(TenantRow.client_name, TenantRow.environment)
# What no two tenants may share, and how a person calls it.
LONGEST_NUMBER = 4  # digits: no hours have so many
UNIQUE = "phone_number_id"


def _known_zone(name: str) -> str:
    try:
        BookingRules(time_zone=name)
    except Invalid as error:
        raise PydanticCustomError("zone", "{why}", {"why": error.fields["time_zone"]}) from error
    return name


def _numbers(given: object, info: ValidationInfo) -> object:
    """Take numbers as an option has them, too: `24 2`; nothing is none."""
    if not written(info):
        return given
    if given is None:
        return []
    if not isinstance(given, str):
        return given
    return [_number(each, info) for each in given.replace(",", " ").split()]


def _number(given: object, info: ValidationInfo) -> object:
    """Take a number as an option has it, too: `4`."""
    if written(info) and isinstance(given, str) and given.isascii() and given.isdecimal():
        return int(given[:LONGEST_NUMBER])
    return given


def _each_once(hours: list[int]) -> list[int]:
    return sorted(set(hours), reverse=True)


def _known_region(code: str) -> str:
    try:
        check_region(code)
    except Invalid as error:
        why = error.fields["holidays_of"]
        raise PydanticCustomError("region", "{why}", {"why": why}) from error
    return code


class OwnHoliday(Form):
    """A holiday of the town's own, on the same day every year."""

    model_config = ConfigDict(from_attributes=True)

    day: Annotated[
        str,
        Field(
            pattern=r"^((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
            r"|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))$",
            description="MM-DD.",
        ),
    ]
    name: Line


class EnvironmentChange(ChangeForm):
    status: Annotated[
        Status, Field(description="Suspended: what customers write is kept, and answered later.")
    ] = "active"
    topology: Annotated[
        Topology,
        Field(description="Isolated: served by pods and a database role of its own."),
        CommandOption("shared or isolated."),
    ] = "shared"
    language: Annotated[Language, CommandOption("pt-BR, en or es.")] = "pt-BR"
    time_zone: Annotated[TimeZone, CommandOption("An IANA name.")] = DEFAULT_TIME_ZONE
    slot_step_minutes: SlotStep = DEFAULT_SLOT_STEP // MINUTE
    minimum_notice_minutes: MinimumNotice = DEFAULT_MINIMUM_NOTICE // MINUTE
    horizon_days: Annotated[HorizonDays, Field(description="How far ahead bookings are taken.")] = (
        DEFAULT_HORIZON.days
    )
    free_days_close: Annotated[
        bool,
        Field(
            description="An all-day event closes its day even where Google counts it as free, which"
            " it does unless told otherwise."
        ),
        CommandOption(
            "Whether an all-day event that Google counts as free closes its day (it does).",
            off="--free-days-open",
        ),
    ] = True
    unanswered_close: Annotated[
        bool,
        Field(
            description="An invitation that nobody answered closes its time: then whoever sends one"
            " closes it."
        ),
        CommandOption(
            "Whether an invitation nobody answered closes its time (it does not).",
            off="--unanswered-open",
        ),
    ] = False
    article: Annotated[
        Article | None,
        Field(
            description="Before the business's name, in Portuguese and Spanish: with a, the assistant"
            " is that *da* Barbearia; null: *de* Barbearia."
        ),
        CommandOption("Before the business's name: o, a, os or as. Unset: de, as in de Studio."),
    ] = None
    kind: Annotated[
        Kind | None,
        Field(description="What the business is: the model is told, no sentence depends on it."),
        CommandOption(
            "What it is, told to the model: barber, salon, nails, massage, clinic, dentist, pets or other."
        ),
    ] = None
    holidays_of: Annotated[
        str,
        Field(
            pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$",
            description="Whose holidays are offered as closed days: BR, or a state such as BR-SP.",
        ),
    ] = "BR"
    own_holidays: list[OwnHoliday] = Field(
        default_factory=list, max_length=50, description="The town's own, every year."
    )
    address: Annotated[
        Line | None,
        Field(description="Customers are told, as the next two."),
        CommandOption("Where the business is."),
    ] = None
    phone: Annotated[
        Line | None,
        Field(description="As it is written for people."),
        CommandOption("Its phone, as people write it."),
    ] = None
    notes: Annotated[
        Paragraphs | None,
        Field(description="What else customers may know."),
        CommandOption("What else customers may know."),
    ] = None
    owner_whatsapp: Annotated[
        Number | None,
        Field(
            description="Where notices go: with the country's code, or as it is written where the"
            " business is. Kept as digits, the country's code first."
        ),
        CommandOption("Where notices go: (11) 98765-4321, or with its country's code."),
    ] = None
    model_enabled: Annotated[bool, Field(description="False: the menu answers.")] = True
    reminder_hours: Annotated[
        list[ReminderHours],
        BeforeValidator(_numbers),
        AfterValidator(_each_once),
        Field(
            max_length=4,
            description="How many hours before an appointment its customer is reminded: 24 and more"
            " ask for a yes. None: never.",
        ),
        CommandOption('How many hours before customers are reminded, such as "24 2"; "": never.'),
    ] = Field(default_factory=lambda: [24, 2])
    quiet_from: Annotated[
        ClockTime,
        Field(description="From then on nobody is reminded, by the business's clock."),
        CommandOption("From when on nobody is reminded: 21:00."),
    ] = "21:00"
    quiet_until: Annotated[
        ClockTime,
        Field(description="Until then. The same as `quiet_from`: there are no quiet hours."),
        CommandOption("Until when nobody is reminded: 08:00. The same: no quiet hours."),
    ] = "08:00"
    unconfirmed_hours: Annotated[
        UnconfirmedHours | None,
        BeforeValidator(_number),
        Field(
            description="How many hours before an appointment staff is shown who was asked and has"
            " not confirmed. Null: never."
        ),
        CommandOption("How many hours before staff is shown who has not confirmed. Unset: 4."),
    ] = 4
    templates_as_marketing: Annotated[
        bool,
        Field(
            description="Whether a template that Meta counts as MARKETING is sent all the same, at"
            " about nine times the price in Brazil."
        ),
        CommandOption(
            "Whether a template that Meta counts as MARKETING is sent all the same (it is not).",
            off="--no-templates-as-marketing",
        ),
    ] = False
    phone_number_id: Annotated[
        MetaId | None,
        Field(description="Meta's id of the number; no two tenants share one."),
        CommandOption("Meta's id of the WhatsApp number."),
    ] = None
    waba_id: Annotated[
        MetaId | None,
        Field(description="The WhatsApp Business account."),
        CommandOption("Meta's id of the WhatsApp Business account."),
    ] = None
    calendar_id: Annotated[
        CalendarId | None, CommandOption("The Google calendar that bookings go into.")
    ] = None
    resources: Resources = Resources()

    _zone = field_validator("time_zone")(_known_zone)
    _region = field_validator("holidays_of")(_known_region)


class NewEnvironment(EnvironmentChange, CreationForm):
    """A client's environment; what is left out has a default."""

    environment: Environment


class EnvironmentOut(VersionedOut):
    client_name: str
    business_name: str
    environment: Environment
    status: Literal["active", "suspended", "offboarded"]
    topology: Topology
    language: str
    time_zone: str
    slot_step_minutes: int
    minimum_notice_minutes: int
    horizon_days: int
    free_days_close: bool
    unanswered_close: bool
    article: str | None
    kind: str | None
    holidays_of: str
    own_holidays: list[OwnHoliday]
    holidays_decided: Annotated[
        int | None, Field(description="The last year whose holidays somebody decided about.")
    ]
    address: str | None
    phone: str | None
    notes: str | None
    owner_whatsapp: str | None
    model_enabled: bool
    reminder_hours: list[int]
    quiet_from: str
    quiet_until: str
    unconfirmed_hours: int | None
    templates_as_marketing: bool
    phone_number_id: str | None
    waba_id: str | None
    calendar_id: str | None
    resources: "ResourcesOut"
    created_at: datetime
    updated_at: datetime

    @property
    def path(self) -> str:
        return f"{self.client_name}/{self.environment}"


class AmountsOut(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)

    cpu: str | None
    memory: str | None


class ResourcesOut(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)

    requests: AmountsOut
    limits: AmountsOut


class EnvironmentsOfClientQuery(PageQuery):
    status: Literal["active", "suspended", "offboarded"] | None = None
    topology: Topology | None = None


class EnvironmentQuery(EnvironmentsOfClientQuery):
    client_prefix: Annotated[Search | None, Field(description="How the client's name begins.")] = (
        None
    )
    environment: Environment | None = None
    text: Annotated[
        Search | None,
        Field(description="Is in the client's or the business's name, or a number's id."),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedTenant:
    """A tenant by its id and its path, `<client>/<environment>`."""

    id: TenantId
    path: str


class Environments:
    """The environments that `actor` may see, and changes of them."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def create(self, client_name: str, wish: NewEnvironment) -> EnvironmentOut:
        """Make an environment. Raises as `create_many` does."""
        return (await self.create_many([(client_name, wish)]))[0]

    async def create_many(
        self, wishes: Sequence[tuple[str, NewEnvironment]]
    ) -> list[EnvironmentOut]:
        """Make environments of clients, in one statement.

        Of several, names of `fields` begin with the index of the one that is meant.

        Raises:
            NotFound: there is no such client.
            Conflict: a client has this environment already, or a number is another tenant's.
            Invalid: a request for CPU or memory is above its limit, or the owner's number is none.
        """
        columns = [
            _columns(client_name, wish, named=prefixed(index, of=len(wishes)))
            for index, (client_name, wish) in enumerate(wishes)
        ]
        names = await self._business_names({each["client_name"] for each in columns})
        await self._check_new(columns)
        rows = [TenantRow(**each) for each in columns]
        try:
            async with self._session.begin_nested():
                self._session.add_all(rows)
        except IntegrityError:  # made by somebody else just now, or their client is gone
            await self._business_names(names.keys())
            await self._check_new(columns)
            raise
        made = [_shown(row, names[row.client_name]) for row in rows]
        for row, environment in zip(rows, made, strict=True):
            await self._record("tenant.create", row, after=environment)
        return made

    async def get(self, client_name: str, environment: str) -> EnvironmentOut:
        """Return an environment. Raises NotFound."""
        return _shown(*await self._row(client_name, environment))

    async def locate(self, client_name: str, environment: str) -> LocatedTenant:
        """Return which tenant a path means. Raises NotFound."""
        row, _ = await self._row(client_name, environment)
        return LocatedTenant(id=TenantId(row.id), path=f"{client_name}/{environment}")

    async def tenant(self, client_name: str, environment: str) -> Tenant:
        """Return a tenant as the rest of the platform knows it. Raises NotFound."""
        return tenant_of(*await self._row(client_name, environment))

    async def page(
        self, query: EnvironmentsOfClientQuery, *, client_name: str | None = None
    ) -> Page[EnvironmentOut]:
        """Return environments by client and name: all, or those of one client.

        Raises:
            NotFound: there is no such client.
        """
        statement = self._mine().where(~was_purged())
        if client_name is not None:
            await self._business_names({client_name})
            statement = statement.where(TenantRow.client_name == client_name)
        statement = _filtered(statement, query)
        rows, cursor = await ORDER.page(self._session, statement, query=query)
        return Page(items=[_shown(*row) for row in rows], next_cursor=cursor)

    async def update(
        self,
        client_name: str,
        environment: str,
        change: EnvironmentChange,
        *,
        versions: frozenset[int] | None,
    ) -> EnvironmentOut:
        """Change an environment that is in one of `versions`; None: in any.

        Raises:
            NotFound: there is none such.
            PreconditionFailed: it is in none of `versions`.
            Conflict: it is off-boarded, or the number is another tenant's.
            Invalid: a request for CPU or memory would be above its limit, or the owner's number is
                none.
        """
        row, business_name = await self._row(client_name, environment, lock=True)
        check_version(row, versions)
        if row.status == "offboarded":
            raise Conflict(f"{client_name}/{environment} is offboarded: it changes no more.")
        before = _shown(row, business_name)
        changes = change.wished()
        if changes.pop("resources", None) is not None:
            changes |= change.resources.columns()
        check_resources({each: changes.get(each, getattr(row, each)) for each in COLUMNS})
        if "owner_whatsapp" in changes:
            zone = changes.get("time_zone", row.time_zone)
            changes["owner_whatsapp"] = _owner(changes["owner_whatsapp"], time_zone=zone)
            if changes["owner_whatsapp"] != row.owner_whatsapp:  # no notice went there yet
                for trouble in (NO_OWNER, OWNER_NOTICE):
                    await strike(self._session, TenantId(row.id), trouble)
        await self._merge(row, changes)
        after = _shown(row, business_name)
        if after != before:
            await self._record("tenant.update", row, before=before, after=after)
        return after

    async def _merge(self, row: TenantRow, changes: Mapping[str, Any]) -> None:
        number = changes.get(UNIQUE)
        own = row.id
        if number is not None and number != row.phone_number_id:
            await self._check_number({number: UNIQUE}, except_of=own)
        try:
            async with self._session.begin_nested():
                merge(row, changes)
        except IntegrityError as error:
            if constraint(error) == "uq_tenants_phone_number_id":
                await self._check_number({str(number): UNIQUE}, except_of=own)
            raise

    def _mine(self) -> Select[TenantRow, str]:
        statement = select(TenantRow, ClientRow.business_name).join(ClientRow)
        if self._actor.tenant is not None:
            statement = statement.where(_path() == self._actor.tenant)
        return statement

    async def _row(
        self, client_name: str, environment: str, *, lock: bool = False
    ) -> tuple[TenantRow, str]:
        statement = self._mine().where(
            TenantRow.client_name == client_name, TenantRow.environment == environment
        )
        if lock:
            statement = statement.with_for_update(of=TenantRow).execution_options(
                populate_existing=True
            )
        found = (await self._session.execute(statement)).one_or_none()
        if found is None:
            raise NotFound(f"There is no tenant {client_name}/{environment}.")
        row, business_name = found
        return row, business_name

    async def _business_names(self, clients: AbstractSet[str]) -> dict[str, str]:
        found = await self._session.execute(
            select(ClientRow.name, ClientRow.business_name).where(ClientRow.name.in_(clients))
        )
        names = {row.name: row.business_name for row in found}
        for name in sorted(clients - names.keys()):
            raise NotFound(f"There is no client {name}.")
        return names

    async def _check_new(self, columns: Sequence[Mapping[str, Any]]) -> None:
        fields: dict[str, str] = {}
        paths = [f"{each['client_name']}/{each['environment']}" for each in columns]
        known = set(await self._session.scalars(select(_path()).where(_path().in_(paths))))
        numbers: dict[str, str] = {}
        for index, (each, path) in enumerate(zip(columns, paths, strict=True)):
            named = prefixed(index, of=len(columns))
            if path in known:
                fields[named("environment")] = f"there is a tenant {path} already"
            known.add(path)
            number = each[UNIQUE]
            if number in numbers:
                fields[named(UNIQUE)] = "is given twice"
            if number is not None:
                numbers[number] = named(UNIQUE)
        if fields:
            raise Conflict("; ".join(fields.values()), fields=fields)
        await self._check_number(numbers, except_of=None)

    async def _check_number(self, numbers: Mapping[str, str], *, except_of: int | None) -> None:
        """Check that no other tenant has one of `numbers`, given with their fields. Raises Conflict."""
        if not numbers:
            return
        statement = select(TenantRow.phone_number_id, _path()).where(
            TenantRow.phone_number_id.in_(numbers)
        )
        if except_of is not None:
            statement = statement.where(TenantRow.id != except_of)
        told = "is another tenant's" if self._actor.tenant is not None else "is that of {}"
        fields = {
            numbers[str(number)]: told.format(path)
            for number, path in await self._session.execute(statement)
        }
        if fields:
            raise Conflict("Two environments cannot share a phone number.", fields=fields)

    async def _record(
        self,
        action: str,
        row: TenantRow,
        *,
        before: EnvironmentOut | None = None,
        after: EnvironmentOut | None = None,
    ) -> None:
        await audit.record(
            self._session,
            actor=self._actor,
            action=action,
            target=f"{row.client_name}/{row.environment}",
            tenant_id=row.id,
            before=None if before is None else before.model_dump(mode="json"),
            after=None if after is None else after.model_dump(mode="json"),
        )


def _path() -> Any:
    return TenantRow.client_name.concat("/").concat(TenantRow.environment)


def _owner(written: str | None, *, time_zone: str, field: str = "owner_whatsapp") -> str | None:
    if written is None:
        return None
    digits = international(written, time_zone=time_zone)
    if digits is None:
        wrong = f"is no phone number; write it with its country's code, for instance {EXAMPLE}"
        raise Invalid(f"{field}: {wrong}.", fields={field: wrong})
    return digits


def _columns(
    client_name: str, wish: NewEnvironment, *, named: Callable[[str], str]
) -> dict[str, Any]:
    columns = {"client_name": client_name, **wish.columns(without=frozenset({"resources"}))}
    columns["owner_whatsapp"] = _owner(
        wish.owner_whatsapp, time_zone=wish.time_zone, field=named("owner_whatsapp")
    )
    resources = dict.fromkeys(COLUMNS) | wish.resources.columns()
    check_resources(resources)
    return columns | resources


def _filtered(
    statement: Select[*tuple[Any, ...]], query: EnvironmentsOfClientQuery
) -> Select[*tuple[Any, ...]]:
    if query.status is not None:
        statement = statement.where(TenantRow.status == query.status)
    if query.topology is not None:
        statement = statement.where(TenantRow.topology == query.topology)
    if not isinstance(query, EnvironmentQuery):
        return statement
    if query.environment is not None:
        statement = statement.where(TenantRow.environment == query.environment)
    if query.client_prefix is not None:
        statement = statement.where(
            TenantRow.client_name.startswith(query.client_prefix, autoescape=True)
        )
    if query.text is not None:
        places = (TenantRow.client_name, ClientRow.business_name, TenantRow.phone_number_id)
        statement = statement.where(
            func.concat_ws("\n", *places).icontains(query.text, autoescape=True)
        )
    return statement


def _shown(row: TenantRow, business_name: str) -> EnvironmentOut:
    plain = {
        name: getattr(row, name)
        for name in EnvironmentOut.model_fields
        if name not in ("business_name", "resources")
    }
    return EnvironmentOut(
        **plain, business_name=business_name, resources=ResourcesOut.model_validate(shown(row))
    )


EnvironmentOut.model_rebuild()
