"""A process pinned to one tenant: the whole path, as that tenant's own login, on few connections."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mcp_platform.audit.actor import Actor
from mcp_platform.bootstrap.commands import doctor_alone
from mcp_platform.bootstrap.logins import own_password, own_url
from mcp_platform.bootstrap.service import platform
from mcp_platform.cli.operating import tenants_at
from mcp_platform.cli.servers import refuse_old_schema
from mcp_platform.doctor.examining import Examinations
from mcp_platform.errors import Unavailable
from mcp_platform.kit.connections import Connections
from mcp_platform.kit.database import create_engine, create_sessions, with_login
from mcp_platform.kit.queue import own_schema
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.registry.environments import EnvironmentChange, Environments
from mcp_platform.registry.isolation import Isolation
from mcp_platform.tenants.credentials import CredentialsUnreadable
from mcp_platform.tenants.database_roles import DatabaseLogin, drop, ensure, rotate
from mcp_platform.tenants.env_file import read_env_file
from mcp_platform.tenants.provisioning import LocalProvisioner
from mcp_platform.tenants.stores import EnvDirectoryStore
from mcp_platform.tenants.tenant import Tenant
from tests.clocks import ClockAhead
from tests.factories import tenant as made
from tests.platform_api import Api
from tests.world import Simulators, World, eventually, running, text_of, tomorrow, world

ME = Actor(kind="command", subject="tests", role="admin")
BOOK = "Marca um corte amanhã às 15h com o Zé"
WHO = (
    "SELECT usename, application_name FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = :name"
)


@dataclass(frozen=True, slots=True)
class Pinnable:
    """A shared service, and one isolated tenant of it with a login and mounted credentials."""

    shared: World
    tenant: Tenant
    login: DatabaseLogin
    mount: Path

    def pinned(self) -> World:
        """Return the tenant's own world: nothing in it runs yet."""
        changed = {
            "client_name": self.tenant.client_name,
            "environment": self.tenant.environment,
            "credentials_mount": self.mount,
        }
        settings = self.shared.settings.model_copy(update=changed)
        # Where it is, and no login: that is the tenant's, and mounted.
        nobody = with_login(self.shared.database_url, user="nobody", password="none")
        return replace(self.shared, settings=settings, database_url=nobody)

    async def seen(self, statement: str, **values: object) -> object:
        return await self.shared.value(statement, **values)


@pytest.fixture
async def place(
    simulators: Simulators, migrated_url: str, tmp_path: Path
) -> AsyncIterator[Pinnable]:
    credentials, mount = tmp_path / "shared", tmp_path / "mounted"
    credentials.mkdir()
    mount.mkdir()
    engine = create_engine(migrated_url, pool_size=1, application_name="owner")
    async with world(simulators, migrated_url, credentials) as shared:
        one = await shared.add_tenant(topology="isolated")
        tenant = made(id=one.id, client_name=one.client_name, topology="isolated")
        async with engine.begin() as connection:
            login = await ensure(connection, tenant)
        assert login is not None
        written = (credentials / f"{one.client_name}-production.env").read_text()
        values = dict(read_env_file(written).values)
        values |= {"DATABASE_USER": login.user, "DATABASE_PASSWORD": login.password}
        for key, value in values.items():
            (mount / key).write_text(value)
        yield Pinnable(shared, tenant, login, mount)
    async with engine.begin() as connection:  # roles outlive the database
        await drop(connection, tenant)
    await engine.dispose()


async def _at(place: Pinnable, pinned: World) -> None:
    """Let Meta call the pinned process, as the route of an isolated tenant does."""
    url = f"{pinned.url}/{place.tenant.path}/api/v1/webhooks/whatsapp"
    number = place.shared.tenant.phone_number_id
    answer = await pinned.meta.post(
        "/_control/numbers",
        json={
            "phone_number_id": number,
            "waba_id": f"waba-{place.tenant.client_name}",
            "display_phone_number": "551140000001",
            "token": f"token-{place.tenant.client_name}",
            "app_id": f"app-{place.tenant.client_name}",
            "app_secret": place.shared.tenant.app_secret,
            "verify_token": f"verify-{place.tenant.client_name}",
            "callback_url": url,
        },
    )
    answer.raise_for_status()


async def test_a_pinned_process_books_as_its_tenants_own_login(place: Pinnable) -> None:
    pinned = place.pinned()
    async with running(pinned):
        await _at(place, pinned)
        reply = await pinned.ask_and_agree(BOOK)
        assert "✅ Agendado: Corte com Zé" in text_of(reply)
        await eventually(lambda: pinned.shows(tomorrow(15)), why="the calendar's event")
        assert await place.shared.statuses() == ["booked"]
        names = {
            row.application_name for row in await place.shared.rows(WHO, name=place.login.user)
        }
        assert names >= {"mcp", "mcp-queue"}
        assert await place.seen("SELECT count(*) FROM queue.pgqueuer") == 0


async def test_a_pinned_process_that_nobody_writes_to_holds_two_connections(
    place: Pinnable,
) -> None:
    pinned = place.pinned()
    async with running(pinned):
        await _at(place, pinned)
        await pinned.ask(BOOK)

        async def few() -> bool:
            return len(await place.shared.rows(WHO, name=place.login.user)) <= 2

        await eventually(few, why="two connections at most")


async def test_what_the_shared_gateway_takes_for_an_isolated_tenant_is_left_to_its_own_worker(
    place: Pinnable,
) -> None:
    await place.shared.say(BOOK)
    queued = f"SELECT count(*) FROM {own_schema(place.tenant.id)}.pgqueuer"
    await eventually(lambda: _is(place, queued, 1), why="the wake-up in its queue")
    assert await place.seen("SELECT count(*) FROM queue.pgqueuer") == 0

    pinned = place.pinned()
    async with running(pinned):
        reply = (await pinned.replies(1))[0]
    assert "Posso marcar? Corte com Zé" in text_of(reply)


async def test_a_tenant_that_becomes_isolated_loses_nothing(place: Pinnable) -> None:
    # Its wake-up went to the queue that tenants share, and is dropped there.
    shared = place.shared
    await shared.change(topology="shared")
    async with shared.session() as session:
        from sqlalchemy import text  # noqa: PLC0415  # only here

        await session.execute(
            text("UPDATE tenants SET status = 'suspended' WHERE id = :id"), {"id": place.tenant.id}
        )
    assert shared.platform is not None
    shared.platform.shared.tenants.forget()
    await shared.say(BOOK)  # stored, and not answered
    await shared.change(status="active", topology="isolated")

    pinned = place.pinned()
    async with running(pinned):
        reply = (await pinned.replies(1))[0]
    assert "Posso marcar? Corte com Zé" in text_of(reply)


async def test_without_a_login_of_its_own_a_pinned_process_says_what_is_missing(
    place: Pinnable,
) -> None:
    (place.mount / "DATABASE_PASSWORD").unlink()
    pinned = place.pinned()
    with pytest.raises(CredentialsUnreadable, match="DATABASE_PASSWORD is missing"):
        async with platform(
            pinned.settings, ("gateway",), database_url=pinned.database_url, redis_url=None
        ):
            pass


async def test_a_process_cannot_be_pinned_to_a_tenant_that_shares_its_workers(
    place: Pinnable,
) -> None:
    await place.shared.change(topology="shared")
    pinned = place.pinned()
    with pytest.raises(Unavailable, match="Make it isolated"):
        async with platform(
            pinned.settings, ("gateway",), database_url=pinned.database_url, redis_url=None
        ):
            pass


async def test_a_rotated_password_is_the_only_one_that_lets_in(place: Pinnable) -> None:
    engine = create_engine(place.shared.database_url, pool_size=1, application_name="owner")
    async with engine.begin() as connection:
        assert await ensure(connection, place.tenant) is None  # it is there already
        rotated = await rotate(connection, place.tenant)
    await engine.dispose()
    assert (rotated.user, rotated.password) != (place.login.user, place.login.password)
    assert rotated.password not in repr(rotated)
    (place.mount / "DATABASE_PASSWORD").write_text(rotated.password)
    pinned = place.pinned()
    async with platform(
        pinned.settings, ("gateway",), database_url=pinned.database_url, redis_url=None
    ) as built:
        assert await built.shared.tenants.by_id(place.tenant.id)


async def test_what_waits_is_answered_by_the_pods_of_a_tenant_that_is_made_isolated(
    place: Pinnable,
) -> None:
    shared, path = place.shared, (place.tenant.client_name, "production")
    owner = create_engine(shared.database_url, pool_size=1, application_name="owner")
    async with owner.begin() as connection:  # as a tenant that has always been shared
        await drop(connection, place.tenant)
    await shared.change(topology="shared", status="suspended")
    await shared.say(BOOK)  # stored, and not answered
    store = EnvDirectoryStore(shared.settings.credentials_dir)
    sessions = create_sessions(owner)
    isolation = Isolation(sessions=sessions, provisioner=LocalProvisioner(store=store, owner=owner))

    await isolation.prepare(*path, actor=ME)
    async with sessions.everywhere.begin() as session:
        change = EnvironmentChange(topology="isolated", status="active")
        await Environments(session, ME).update(*path, change, versions=None)
    await owner.dispose()

    held = await store.read(client_name=path[0], environment=path[1])
    (place.mount / "DATABASE_USER").write_text(held.database_user)
    (place.mount / "DATABASE_PASSWORD").write_text(held.database_password)
    pinned = place.pinned()
    async with running(pinned):
        reply = (await pinned.replies(1))[0]
    assert "Posso marcar? Corte com Zé" in text_of(reply)


async def test_messages_in_flight_are_each_answered_once_while_a_tenant_moves_out_and_back(
    place: Pinnable, tmp_path: Path
) -> None:
    shared, customers = place.shared, [f"55119{number:08d}" for number in range(15)]
    owner = create_engine(shared.database_url, pool_size=1, application_name="owner")
    async with owner.begin() as connection:  # as a tenant that has always been shared
        await drop(connection, place.tenant)
    await owner.dispose()
    await shared.change(topology="shared")
    await shared.fault(shared.gemini, "slow", seconds=0.5, times=None)
    settings = shared.settings.model_copy(update={"data_dir": tmp_path / "data"})

    async def write(which: slice) -> None:
        """Every second customer writes twice."""
        for number, customer in enumerate(customers[which]):
            for text_ in ("Oi", "Tudo bem?")[: 1 + number % 2]:
                await shared.say(text_, as_=customer)

    async def answered() -> bool:
        waiting = "SELECT count(*) FROM inbox_events WHERE tenant_id = :tenant AND state <> 'done'"
        sent = await shared.sent(as_=None)
        return {each["payload"]["to"] for each in sent} == {*customers} and not await shared.value(
            waiting
        )

    async with platform(
        settings, ("admin",), database_url=shared.database_url, redis_url=None
    ) as administering:
        api = Api(administering, ClockAhead(), tmp_path / "data" / "keys")
        token = await api.sign_in("operator")
        client, environment = place.tenant.path.split("/")
        where = f"/admin/clients/{client}/environments/{environment}"

        async def move(topology: str) -> None:
            changed = await api.ask(
                "PATCH", where, token=token, headers={"If-Match": "*"}, json={"topology": topology}
            )
            assert changed.status_code == 200, changed.text

        await write(slice(0, 3))
        await move("isolated")
        await write(slice(3, 6))  # the shared service has not heard of it
        held = await EnvDirectoryStore(settings.credentials_dir).read(
            client_name=client, environment=environment
        )
        (place.mount / "DATABASE_USER").write_text(held.database_user)
        (place.mount / "DATABASE_PASSWORD").write_text(held.database_password)
        pinned = place.pinned()
        async with running(pinned):
            assert shared.platform is not None
            assert pinned.platform is not None
            shared.platform.shared.tenants.forget()  # half a minute later
            await write(slice(6, 9))
            await move("shared")
            await write(slice(9, 12))  # nobody has heard of it
            shared.platform.shared.tenants.forget()
            pinned.platform.shared.tenants.forget()
            await write(slice(12, 15))
            await eventually(answered, why="an answer to everybody")

    turns = await shared.value("SELECT count(*) FROM turns WHERE tenant_id = :tenant")
    sent = await shared.sent(as_=None)
    replies = [each["payload"].get("biz_opaque_callback_data") for each in sent]
    assert len(replies) == len(set(replies)) == turns
    assert await shared.rows(
        "SELECT DISTINCT resends, attempts FROM outbox WHERE tenant_id = :tenant"
    ) == [(0, 1)]


async def test_what_a_pod_still_takes_for_a_tenant_that_became_shared_is_answered_by_the_others(
    place: Pinnable,
) -> None:
    pinned = place.pinned()
    async with running(pinned, "gateway"):
        await _at(place, pinned)
        await place.shared.change(topology="shared")
        assert pinned.platform is not None
        pinned.platform.shared.tenants.forget()
        await pinned.say(BOOK)

        reply = (await place.shared.replies(1))[0]

    assert "Posso marcar? Corte com Zé" in text_of(reply)


async def test_each_connection_of_a_pinned_process_asks_for_the_password_anew(
    place: Pinnable,
) -> None:
    asked = []

    async def password() -> str:
        asked.append(True)
        return place.login.password

    connections = Connections(
        url=with_login(place.shared.database_url, user=place.login.user, password="old"),
        most=1,
        pinned=True,
        password=password,
    )
    engine = connections.engine(DatabaseRole.WORKER)
    async with engine.connect():
        pass
    await engine.dispose()
    for name in ("queue", "ingest"):
        async with await connections.pool(DatabaseRole.INGEST, most=1, name=name) as pool:
            await pool.fetchval("SELECT 1")

    assert len(asked) == 3


async def test_a_pinned_process_reads_the_password_where_it_is_mounted(place: Pinnable) -> None:
    read = own_password(place.pinned().settings)
    assert await read() == place.login.password

    (place.mount / "DATABASE_PASSWORD").write_text("rotated")
    assert await read() == "rotated"


async def test_the_doctor_examines_a_tenant_as_its_own_login(place: Pinnable) -> None:
    pinned = place.pinned()
    url = await own_url(pinned.settings, pinned.database_url)
    await asyncio.to_thread(refuse_old_schema, url)

    async with doctor_alone(pinned.settings, database_url=url) as made:
        async with made.sessions.everywhere() as session:
            (found,) = await tenants_at(session, place.tenant.path)
            assert found == (place.tenant.id, place.tenant.path)
        tenant = await made.tenants.by_id(place.tenant.id)
        examinations = Examinations(doctor=made.doctor, sessions=made.admin_sessions)
        found = await examinations.run(tenant, actor=ME)
        assert {each.check: each.code for each in found}["database.role"] == "sound"
        with pytest.raises(Unavailable, match="where the part `admin` runs"):
            await examinations.run(tenant, actor=ME, fix=True)


async def _is(place: Pinnable, statement: str, expected: int) -> bool:
    return await place.seen(statement) == expected
