"""The end of a tenant: a way back while it waits, and nothing left when it is over."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import delete, func, insert, select, update

from mcp_platform.access.models import IdempotencyRow, UserRow
from mcp_platform.audit.models import AuditRow
from mcp_platform.conversations.models import MESSAGES
from mcp_platform.errors import Conflict, Invalid, NotFound, Unavailable
from mcp_platform.inbox.models import INBOX_EVENTS
from mcp_platform.kit.database import Sessions
from mcp_platform.offboarding.offboarding import Offboarding, OffboardingState
from mcp_platform.offboarding.work import CLAIM, OffboardingWork
from mcp_platform.schema import tables_of_tenants
from mcp_platform.simulators.meta.app import MetaWorld, create_app
from mcp_platform.simulators.meta.state import Number
from mcp_platform.simulators.serving import serving
from mcp_platform.tenants.models import ClientRow, OffboardingRow, TenantRow, TroubleRow
from mcp_platform.tenants.stores import EnvDirectoryStore
from mcp_platform.tenants.tenant import TenantId
from mcp_platform.whatsapp.graph_account import GraphAccount
from tests.clocks import Clock
from tests.factories import add_contact, add_tenant
from tests.fakes import (
    OPERATOR,
    SECRET,
    TOKEN,
    FolderProvisioner,
    folder_store,
)

SHOP = ("shop", "production")
GRACE = timedelta(days=30)
NUMBER = "106540352242922"
OURS = "https://wa.example.com/shop/production/api/v1/webhooks/whatsapp"
THEIRS = "https://wa.example.com/other/production/api/v1/webhooks/whatsapp"


@dataclass(slots=True)
class Place:
    """A shop with rows and credentials, the simulated Meta, and who does what is due."""

    sessions: Sessions
    store: EnvDirectoryStore
    meta: MetaWorld
    account: GraphAccount
    tenant_id: TenantId
    clock: Clock = field(default_factory=Clock)
    provisioner: FolderProvisioner = field(init=False)

    def __post_init__(self) -> None:
        self.provisioner = FolderProvisioner(self.store)

    @property
    def work(self) -> OffboardingWork:
        return OffboardingWork(
            sessions=self.sessions,
            account=self.account,
            store=self.store,
            provisioner=self.provisioner,
            clock=self.clock,
        )

    async def begin(self) -> OffboardingState:
        async with self.sessions.everywhere.begin() as session:
            return await Offboarding(session, OPERATOR).begin(
                *SHOP, grace=GRACE, now=self.clock.now
            )

    async def restore(self) -> OffboardingState:
        async with self.sessions.everywhere.begin() as session:
            return await Offboarding(session, OPERATOR).restore(*SHOP)

    async def purge(self, confirm: str = "shop/production") -> OffboardingState:
        async with self.sessions.everywhere.begin() as session:
            return await Offboarding(session, OPERATOR).purge(
                *SHOP, confirm=confirm, without_export=True, now=self.clock.now
            )

    async def purge_now(self) -> None:
        """Off-board, and have the purge done as soon as it may be."""
        await self.begin()
        await self.all_that_is_due()
        await self.purge()
        self.clock.advance(minutes=1)
        await self.all_that_is_due()

    async def state(self) -> OffboardingState:
        async with self.sessions.everywhere() as session:
            return await Offboarding(session, OPERATOR).state(*SHOP)

    async def status(self) -> str | None:
        async with self.sessions.everywhere() as session:
            return await session.scalar(
                select(TenantRow.status).where(TenantRow.client_name == "shop")
            )

    async def all_that_is_due(self) -> int:
        done = 0
        while await self.work.step():
            done += 1
        return done

    async def rows(self, tenant_id: TenantId | None = None) -> dict[str, int]:
        counted: dict[str, int] = {}
        async with self.sessions.everywhere() as session:
            for table in tables_of_tenants():
                of_tenant = table.c.tenant_id == (tenant_id or self.tenant_id)
                counted[table.name] = (
                    await session.scalar(select(func.count()).select_from(table).where(of_tenant))
                    or 0
                )
        return {name: count for name, count in counted.items() if count}

    async def audited(self) -> list[str]:
        async with self.sessions.everywhere() as session:
            return list(await session.scalars(select(AuditRow.action).order_by(AuditRow.id)))


async def fill(sessions: Sessions, tenant_id: TenantId, *, messages: int = 3) -> None:
    """Give a tenant rows that refer to each other, and a user of its own."""
    async with sessions.everywhere.begin() as session:
        contact = await add_contact(session, tenant_id, wa_id="5511999998888")
        for number in range(messages):
            await session.execute(
                insert(INBOX_EVENTS).values(
                    tenant_id=tenant_id, key=f"m:{number}", kind="message", body=b'{"text":"oi"}'
                )
            )
        await session.execute(
            insert(MESSAGES).values(
                [
                    {
                        "tenant_id": tenant_id,
                        "contact_id": contact,
                        "direction": "in",
                        "author": "contact",
                        "at": Clock().now,
                        "text": f"mensagem {number}",
                    }
                    for number in range(messages)
                ]
            )
        )
        await session.execute(
            insert(TroubleRow).values(tenant_id=tenant_id, what="whatsapp", reason="refused")
        )
        await session.execute(
            insert(UserRow).values(
                id=uuid4(),
                email=f"staff-{tenant_id}@example.com",
                name="Zé",
                role="staff",
                tenant_id=tenant_id,
                password_hash="x",
            )
        )


@pytest.fixture
async def here(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Place]:
    tenant = await add_tenant(sessions, "shop", phone_number_id=NUMBER, waba_id="777")
    tenant_id = tenant.id
    await fill(sessions, tenant_id)
    store = folder_store(tmp_path / "credentials")
    await store.write(
        client_name="shop", environment="production", values={"WHATSAPP_API_TOKEN": TOKEN}
    )
    app = create_app()
    async with serving(app) as url, httpx.AsyncClient(trust_env=False) as http:
        meta: MetaWorld = app.state.meta
        meta.state.numbers[NUMBER] = Number(
            phone_number_id=NUMBER,
            waba_id="777",
            display_phone_number="+55 11 5555-0000",
            token=TOKEN,
            app_id="42",
            app_secret=SECRET,
            verify_token="word",
            override_url=OURS,
        )
        account = GraphAccount(http=http, base_url=url, version="v26.0")
        yield Place(sessions, store, meta, account, tenant_id)


async def test_an_off_boarded_tenant_stops_and_meta_sends_it_nothing_more(here: Place) -> None:
    state = await here.begin()
    assert (state.stage, state.override, await here.status()) == (
        "waiting",
        "pending",
        "offboarded",
    )
    assert state.purge_after == here.clock.now + GRACE

    assert await here.all_that_is_due() == 1
    assert here.meta.state.number(NUMBER).override_url is None
    assert (await here.state()).override == "removed"
    assert await here.all_that_is_due() == 0  # until the grace period is over
    assert (await here.rows())["messages"] == 3


async def test_an_accounts_override_goes_too_but_never_another_tenants(here: Place) -> None:
    number, account = here.meta.state.number(NUMBER), here.meta.state.waba("777")
    number.override_url, account.override_url = None, OURS
    await here.begin()
    await here.all_that_is_due()
    assert account.override_url is None

    await here.restore()
    number.override_url = account.override_url = THEIRS
    await here.begin()
    await here.all_that_is_due()
    assert (number.override_url, account.override_url) == (THEIRS, THEIRS)
    assert (await here.state()).override == "removed"  # there was none of ours


async def test_while_meta_is_away_the_override_is_tried_again_and_one_can_see_why(
    here: Place,
) -> None:
    here.meta.faults.add("server_error", times=1)
    await here.begin()
    assert await here.all_that_is_due() == 1
    state = await here.state()
    assert state.override == "pending"
    assert state.error

    for _ in range(2):
        here.clock.advance(minutes=3)
        await here.all_that_is_due()
    state = await here.state()
    assert (state.override, state.error) == ("removed", None)


async def test_a_tenant_without_credentials_has_no_override_to_remove(here: Place) -> None:
    await here.store.remove(client_name="shop", environment="production")
    await here.begin()
    await here.all_that_is_due()
    assert (await here.state()).override == "removed"


async def test_there_is_a_way_back_until_the_purge_begins(here: Place) -> None:
    async with here.sessions.everywhere.begin() as session:
        await session.execute(update(TenantRow).values(status="suspended"))
    await here.begin()
    await here.all_that_is_due()
    was = await here.restore()

    assert (was.override, await here.status()) == ("removed", "suspended")
    here.clock.advance(days=60)
    assert await here.all_that_is_due() == 0
    assert (await here.rows())["messages"] == 3
    with pytest.raises(NotFound):
        await here.state()
    assert await here.audited() == ["tenant.offboard", "tenant.restore"]


async def test_off_boarding_twice_is_off_boarding_once(here: Place) -> None:
    first = await here.begin()
    here.clock.advance(days=1)
    assert await here.begin() == first
    assert await here.audited() == ["tenant.offboard"]


async def test_after_a_purge_nothing_of_the_tenant_is_left_but_its_path(
    here: Place,
) -> None:
    other = (await add_tenant(here.sessions, "other")).id
    await fill(here.sessions, other)
    await here.purge_now()

    assert await here.rows() == {"audit_entries": 3, "offboardings": 1}
    assert (await here.rows(other))["messages"] == 3
    assert here.provisioner.retired == ["shop/production"]
    state = await here.state()
    assert (state.stage, state.override) == ("purged", "removed")
    assert await here.status() == "offboarded"
    async with here.sessions.everywhere() as session:
        row = (await session.scalars(select(TenantRow).where(TenantRow.id == here.tenant_id))).one()
    assert (row.phone_number_id, row.waba_id) == (None, None)
    with pytest.raises(Conflict, match="no way back"):
        await here.restore()

    here.clock.advance(days=8)
    await here.all_that_is_due()
    assert await here.status() is None
    async with here.sessions.everywhere() as session:
        assert list(await session.scalars(select(ClientRow.name))) == ["other"]
    assert await here.audited() == [
        *("tenant.offboard", "tenant.purge_requested", "tenant.purge", "tenant.forget")
    ]


async def test_answers_that_could_be_given_again_go_with_the_purge(here: Place) -> None:
    shop = "/api/v1/admin/clients/shop/environments"
    answered = (
        (f"{shop}/production", here.clock.now),
        (f"{shop}/production/services/corte", here.clock.now),
        (f"{shop}/development", here.clock.now),
        ("/api/v1/admin/clients/old", here.clock.now - timedelta(days=2)),
    )
    async with here.sessions.everywhere.begin() as session:
        for location, at in answered:
            answer = {"location": location, "version": 1, "body": "{}"}
            values = {"request_hash": b"", "answer": answer, "created_at": at}
            session.add(IdempotencyRow(actor="user:ana", key=location, **values))
    await here.purge_now()
    async with here.sessions.everywhere() as session:
        left = list(await session.scalars(select(IdempotencyRow.key)))
    assert left == [f"{shop}/development"]


async def test_after_the_grace_period_the_path_goes_with_the_purge(here: Place) -> None:
    await here.begin()
    await here.all_that_is_due()
    here.clock.advance(days=29)
    assert await here.all_that_is_due() == 0
    here.clock.advance(days=1)
    await here.all_that_is_due()
    assert await here.status() is None
    assert set(await here.rows()) == {"audit_entries"}
    assert here.provisioner.retired == ["shop/production"]


async def test_a_client_with_another_environment_stays(here: Place) -> None:
    await add_tenant(here.sessions, "shop", environment="staging")
    await here.begin()
    here.clock.advance(days=30)
    await here.all_that_is_due()
    here.clock.advance(days=8)
    await here.all_that_is_due()
    async with here.sessions.everywhere() as session:
        assert list(await session.scalars(select(TenantRow.environment))) == ["staging"]
        assert list(await session.scalars(select(ClientRow.name))) == ["shop"]


async def test_a_purge_at_once_needs_the_name_and_waits_until_every_process_has_heard(
    here: Place,
) -> None:
    with pytest.raises(Conflict, match="off-board it first"):
        await here.purge()
    await here.begin()
    for wrong in ("", "shop/staging", "SHOP/production", "shop"):
        with pytest.raises(Invalid):
            await here.purge(wrong)
    await here.all_that_is_due()
    await here.purge()
    assert await here.all_that_is_due() == 0

    here.clock.advance(minutes=1)
    await here.all_that_is_due()
    assert (await here.state()).stage == "purged"
    # Meta delivers again for a week: until then the path answers.
    here.clock.advance(days=6)
    assert await here.all_that_is_due() == 0
    assert await here.audited() == ["tenant.offboard", "tenant.purge_requested", "tenant.purge"]


async def test_a_purge_does_not_wait_for_meta_and_says_what_was_left(here: Place) -> None:
    here.meta.faults.add("token_expired", times=None)
    await here.purge_now()
    state = await here.state()
    assert (state.stage, state.override) == ("purged", "left")


async def test_what_a_purge_may_not_take_away_is_told_and_remembered_for_a_week(
    here: Place,
) -> None:
    seed = here.store._folder / "shop.env"
    seed.write_text("GEMINI_API_KEY=x\n")
    await here.begin()
    here.clock.advance(days=30)

    await here.all_that_is_due()

    state = await here.state()
    assert (state.stage, state.error) == ("purged", None)
    assert state.left_behind is not None
    assert state.left_behind.startswith("shop.env in the credentials folder")
    async with here.sessions.everywhere() as session:
        after = await session.scalar(
            select(AuditRow.after).where(AuditRow.action == "tenant.purge")
        )
    assert after == {"override": "removed", "left_behind": state.left_behind}
    here.clock.advance(days=8)
    await here.all_that_is_due()
    assert await here.status() is None


async def test_a_purge_that_broke_off_goes_on_where_it_stopped(here: Place) -> None:
    here.provisioner.fail_retire = Unavailable("The cluster is away.")
    await here.purge_now()
    state = await here.state()
    assert (state.stage, state.error) == ("purging", "The cluster is away.")
    with pytest.raises(Conflict):
        await here.restore()

    here.provisioner.fail_retire = None
    assert await here.all_that_is_due() == 0
    here.clock.advance(minutes=1)
    await here.all_that_is_due()
    assert (await here.state()).stage == "purged"


async def test_its_login_goes_before_its_rows_and_what_meta_kept_is_not_forgotten(
    here: Place,
) -> None:
    here.meta.faults.add("token_expired", times=None)
    here.provisioner.fail_retire = Unavailable("The cluster is away.")
    await here.purge_now()
    state = await here.state()
    assert (state.stage, state.override) == ("purging", "left")
    assert (await here.rows())["messages"] == 3

    here.meta.faults.clear()
    here.provisioner.fail_retire = None
    here.clock.advance(minutes=10)
    await here.all_that_is_due()
    state = await here.state()
    assert (state.stage, state.override) == ("purged", "left")


async def test_a_worker_that_dies_leaves_a_claim_that_runs_out(here: Place) -> None:
    await here.begin()
    assert await here.work._claim() is not None  # as far as the dead one came
    assert await here.all_that_is_due() == 0
    here.clock.now += CLAIM
    assert await here.all_that_is_due() == 1


async def test_what_a_turn_still_wrote_after_the_purge_goes_in_the_end(here: Place) -> None:
    await here.purge_now()
    await add_contact(here.sessions, here.tenant_id, wa_id="5511999997777")
    here.clock.advance(days=8)
    await here.all_that_is_due()
    assert await here.status() is None


async def test_a_large_tenant_is_purged_in_batches(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_platform.offboarding.work.BATCH", 2)
    await here.begin()
    here.clock.advance(days=30)
    await here.all_that_is_due()
    assert "messages" not in await here.rows()


async def test_a_user_that_watches_no_such_tenant_is_told_nothing(here: Place) -> None:
    async with here.sessions.everywhere.begin() as session:
        with pytest.raises(NotFound):
            await Offboarding(session, OPERATOR).begin(
                "nobody", "production", grace=GRACE, now=here.clock.now
            )


async def test_every_table_with_a_tenant_can_be_emptied_in_the_purges_order(here: Place) -> None:
    """No table of ours may refer to one that is emptied before it."""
    async with here.sessions.everywhere.begin() as session:
        for table in tables_of_tenants():
            await session.execute(delete(table).where(table.c.tenant_id == here.tenant_id))
        assert (
            await session.scalar(
                select(func.count())
                .select_from(OffboardingRow)
                .where(OffboardingRow.tenant_id == here.tenant_id)
            )
            == 0
        )
