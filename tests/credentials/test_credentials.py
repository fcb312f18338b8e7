"""Credentials as an operator sees and changes them: names, times and fingerprints, never a value."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select, text

from mcp_platform.audit.models import AuditRow
from mcp_platform.credentials.credentials import (
    ChangedCredentials,
    CredentialKeys,
    KnownKey,
    ProofFailed,
    ProofUnanswered,
)
from mcp_platform.credentials.proofs import ProvingHere
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.database import Sessions
from mcp_platform.publishing.config_credentials import read_handed_over, save_handed_over
from mcp_platform.publishing.config_form import read_config
from mcp_platform.tenants.credentials import (
    Credentials,
    CredentialsForbidden,
    CredentialsUnreadable,
    fingerprint_of,
)
from mcp_platform.tenants.models import CredentialKeyRow, TenantRow
from mcp_platform.tenants.stores import EnvDirectoryStore
from tests.cases import cases
from tests.clocks import Clock
from tests.factories import add_tenant
from tests.fakes import (
    OPERATOR,
    PRIVATE_KEY,
    SECRET,
    TOKEN,
    FolderProvisioner,
    Prover,
    failed,
    folder_store,
)

SHOP = ("shop", "production")
VALUES = {
    "WHATSAPP_API_TOKEN": TOKEN,
    "WHATSAPP_APP_SECRET": SECRET,
    "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
    "GOOGLE_PRIVATE_KEY": PRIVATE_KEY,
    "GOOGLE_CALENDAR_ID": "agenda@group.calendar.google.com",
    "WHATSAPP_WEBHOOK_VERIFY_TOKEN": "short-word",
}


class Sealing:
    """Seals in a way that a test can see; never twice alike, as the real one."""

    certificate = "c" * 64

    def __init__(self) -> None:
        self.count = 0

    def seal(self, value: str, *, client_name: str, environment: str) -> str:
        self.count += 1
        return f"AgB{self.count}"


@dataclass(slots=True)
class Place:
    """A shop, its store, and who changes what is in it."""

    sessions: Sessions
    store: EnvDirectoryStore
    folder: Path
    clock: Clock = field(default_factory=Clock)
    prover: Prover = field(default_factory=Prover)
    provisioner: FolderProvisioner = field(init=False)
    changed: ChangedCredentials = field(init=False)
    sealing: Sealing | None = None

    def __post_init__(self) -> None:
        self.provisioner = FolderProvisioner(self.store)

    @property
    def keys(self) -> CredentialKeys:
        return CredentialKeys(
            sessions=self.sessions,
            store=self.store,
            provisioner=self.provisioner,
            proving=ProvingHere(self.prover, store=self.store),
            sealer=self.sealing,
            clock=self.clock,
        )

    async def change(self, values: dict[str, str], **more: Any) -> dict[str, KnownKey]:
        self.changed = await self.keys.change(*SHOP, actor=OPERATOR, values=values, **more)
        return {each.key: each for each in self.changed.known}

    async def known(self) -> dict[str, KnownKey]:
        return {each.key: each for each in await self.keys.known(*SHOP, actor=OPERATOR)}

    async def held(self) -> Credentials:
        return await self.store.read(client_name="shop", environment="production")

    async def tenant(self) -> TenantRow:
        async with self.sessions.everywhere() as session:
            return (await session.scalars(select(TenantRow).order_by(TenantRow.id))).first()  # type: ignore[return-value]  # it is there

    async def audited(self) -> list[tuple[str, dict[str, Any] | None]]:
        async with self.sessions.everywhere() as session:
            rows = await session.scalars(select(AuditRow).order_by(AuditRow.id))
            return [(row.action, row.after) for row in rows if row.action.startswith("cred")]


@pytest.fixture
async def here(sessions: Sessions, tmp_path: Path) -> Place:
    folder = tmp_path / "credentials"
    place = Place(sessions, folder_store(folder), folder)
    await add_tenant(sessions, "shop")
    return place


async def test_what_was_set_is_told_by_name_time_and_fingerprint(here: Place) -> None:
    known = await here.change(VALUES)

    token = known["WHATSAPP_API_TOKEN"]
    assert (token.present, token.changed_at, token.unsure) == (True, here.clock.now, False)
    assert token.fingerprint == fingerprint_of("WHATSAPP_API_TOKEN", TOKEN) != ""
    assert known["WHATSAPP_WEBHOOK_VERIFY_TOKEN"].present
    assert known["WHATSAPP_WEBHOOK_VERIFY_TOKEN"].fingerprint == ""  # it could be guessed
    assert not known["GEMINI_API_KEY"].present
    assert (await here.held()).whatsapp_app_secret == SECRET


async def test_what_identifies_stands_in_the_tenants_row_too(here: Place) -> None:
    await here.change(VALUES)
    row = await here.tenant()
    assert row.phone_number_id == "106540352242922"
    assert row.calendar_id == "agenda@group.calendar.google.com"

    await here.change({}, remove=["GOOGLE_CALENDAR_ID"])
    assert (await here.tenant()).calendar_id is None
    assert (await here.held()).google_calendar_id == ""


async def test_another_tenants_number_is_refused_before_anything_is_written(here: Place) -> None:
    await add_tenant(here.sessions, "other", phone_number_id="106540352242922")
    with pytest.raises(Conflict) as refused:
        await here.change(VALUES)

    assert refused.value.fields == {"phone_number_id": "is that of other/production"}
    assert here.provisioner.written == []
    assert await here.audited() == []
    assert not any(each.present or each.unsure for each in (await here.known()).values())


@cases(
    "key, value",
    [
        ("GOOGLE_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
        ("GOOGLE_CLIENT_EMAIL", "not-an-address-hunter2"),
        ("WHATSAPP_PHONE_NUMBER_ID", "+55 11 hunter2"),
        ("WHATSAPP_PHONE_NUMBER_ID", "hunter2hunter2"),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", "12"),
        ("WHATSAPP_APP_ID", "hunter2"),
        ("WHATSAPP_API_TOKEN", "hunter2\x00hunter2"),
        ("GEMINI_API_KEY", "   "),
        ("DATABASE_PASSWORD", "hunter2"),
        ("GEMINI_KEY", "hunter2"),
    ],
)
async def test_a_value_of_the_wrong_form_is_refused_and_not_told(
    here: Place, key: str, value: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await here.change({key: value})
    assert set(refused.value.fields) == {key}
    assert "hunter2" not in str(refused.value) + str(refused.value.fields)
    assert here.provisioner.written == []


async def test_what_the_vendor_refuses_is_not_saved_unless_somebody_insists(here: Place) -> None:
    here.prover.results = [failed("whatsapp.token")]
    with pytest.raises(ProofFailed) as refused:
        await here.change({"WHATSAPP_API_TOKEN": TOKEN})
    assert refused.value.fields == {"whatsapp.token": "Meta refuses the token. Make a new one."}
    assert here.provisioner.written == []

    known = await here.change({"WHATSAPP_API_TOKEN": TOKEN}, force=True)
    assert known["WHATSAPP_API_TOKEN"].present
    ((_, after),) = await here.audited()
    assert after == {
        "set": ["WHATSAPP_API_TOKEN"],
        "removed": [],
        "proof": "overruled",
        "not_proved": ["whatsapp.token"],
    }


async def test_what_no_vendor_answers_for_is_not_saved_unless_it_is_asked_for(here: Place) -> None:
    here.prover.results = [failed("whatsapp.token", code="away", state="unknown")]
    for more in ({}, {"whole": True}):
        with pytest.raises(ProofUnanswered, match="token: Meta refuses") as unanswered:
            await here.change({"WHATSAPP_API_TOKEN": TOKEN}, **more)
    assert unanswered.value.retry_after is not None
    assert (here.provisioner.written, await here.audited()) == ([], [])

    await here.change({"WHATSAPP_API_TOKEN": TOKEN}, unproved=True)

    assert here.changed.proof.outcome == "unanswered"
    assert [each.check for each in here.changed.proof.open] == ["whatsapp.token"]
    ((_, after),) = await here.audited()
    assert after is not None
    assert (after["proof"], after["not_proved"]) == ("unanswered", ["whatsapp.token"])


async def test_what_one_vendor_refuses_is_refused_although_another_is_away(here: Place) -> None:
    here.prover.results = [
        failed("google.token", code="away", state="unknown"),
        failed("whatsapp.token"),
    ]
    with pytest.raises(ProofFailed) as refused:
        await here.change({"WHATSAPP_API_TOKEN": TOKEN}, unproved=True)

    assert set(refused.value.fields) == {"whatsapp.token"}


async def test_the_trail_tells_proved_from_unasked(here: Place) -> None:
    await here.change({"GEMINI_API_KEY": "AIza" + "y" * 30})
    await here.change({"GEMINI_API_KEY": "AIza" + "z" * 30}, prove=False)
    await here.change({}, remove=["GEMINI_API_KEY"])

    proofs = [after["proof"] for _, after in await here.audited() if after is not None]
    assert proofs == ["passed", "skipped", "skipped"]


async def test_a_value_is_proved_beside_what_is_there_as_the_tenant_will_be(here: Place) -> None:
    await here.change(VALUES)
    await here.change({"WHATSAPP_PHONE_NUMBER_ID": "999999999"})

    tenant, credentials, checks = here.prover.asked[-1]
    assert tenant.phone_number_id == credentials.whatsapp_phone_number_id == "999999999"
    assert credentials.whatsapp_api_token == TOKEN
    assert checks
    assert all(each.startswith("whatsapp.") for each in checks)
    await here.change({"GEMINI_API_KEY": "AIza" + "y" * 30}, prove=False)
    assert len(here.prover.asked) == 2


async def test_replacing_takes_away_what_is_not_named_but_the_platforms_own(here: Place) -> None:
    await here.change(VALUES)
    await here.store.write(
        client_name="shop",
        environment="production",
        values={"DATABASE_USER": "t_shop", "DATABASE_PASSWORD": "made-by-us"},
    )
    known = await here.change({"WHATSAPP_API_TOKEN": TOKEN + "2"}, whole=True)

    assert {key for key, each in known.items() if each.present} == {
        *("WHATSAPP_API_TOKEN", "DATABASE_USER", "DATABASE_PASSWORD")
    }
    held = await here.held()
    assert (held.whatsapp_api_token, held.whatsapp_app_secret) == (TOKEN + "2", "")
    assert held.database_password == "made-by-us"
    assert (await here.tenant()).phone_number_id is None


async def test_a_store_that_refuses_leaves_everything_as_it_was_and_says_so_in_the_trail(
    here: Place,
) -> None:
    await here.change(VALUES)
    before = await here.known()
    here.clock.advance(minutes=5)
    here.provisioner.fail_before = Conflict("Something else writes this Secret.")
    with pytest.raises(Conflict):
        await here.change({"WHATSAPP_PHONE_NUMBER_ID": "999999999", "GEMINI_API_KEY": "k" * 30})

    assert await here.known() == before
    assert (await here.tenant()).phone_number_id == "106540352242922"
    assert [action for action, _ in await here.audited()][-2:] == [
        "credentials.change",
        "credentials.change_refused",
    ]


async def test_who_dies_after_the_store_was_written_leaves_what_the_next_look_puts_right(
    here: Place,
) -> None:
    here.provisioner.fail_after = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await here.change(VALUES)
    here.clock.advance(minutes=2)

    known = await here.known()
    assert known["WHATSAPP_API_TOKEN"].fingerprint == fingerprint_of("WHATSAPP_API_TOKEN", TOKEN)
    assert not any(each.unsure for each in known.values())


async def test_who_dies_before_the_store_was_written_leaves_nothing_after_the_next_look(
    here: Place,
) -> None:
    await here.change({"WHATSAPP_PHONE_NUMBER_ID": "106540352242922"})
    here.provisioner.fail_before = asyncio.CancelledError()  # type: ignore[assignment]  # not only errors end a process
    with pytest.raises(asyncio.CancelledError):
        await here.change({**VALUES, "WHATSAPP_PHONE_NUMBER_ID": "999999999"})
    assert (await here.tenant()).phone_number_id == "999999999"
    here.clock.advance(minutes=2)

    known = await here.known()
    assert [key for key, each in known.items() if each.present] == ["WHATSAPP_PHONE_NUMBER_ID"]
    assert (await here.tenant()).phone_number_id == "106540352242922"


async def test_where_the_store_may_not_be_read_a_broken_off_change_is_called_unsure(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(**_: str) -> Credentials:
        raise CredentialsUnreadable("Only gateways may.")

    monkeypatch.setattr(here.store, "read", unreadable)
    await here.change({"WHATSAPP_API_TOKEN": TOKEN})
    here.clock.advance(minutes=5)
    here.provisioner.fail_after = CredentialsUnreadable("The store went away.")
    with pytest.raises(CredentialsUnreadable):
        await here.change({"WHATSAPP_API_TOKEN": TOKEN + "2", "WHATSAPP_APP_SECRET": SECRET})
    with pytest.raises(Conflict, match="being changed"):
        await here.change({"WHATSAPP_API_TOKEN": TOKEN + "3"})
    here.clock.advance(minutes=2)

    known = await here.known()
    assert known["WHATSAPP_API_TOKEN"].unsure
    assert (known["WHATSAPP_APP_SECRET"].unsure, known["WHATSAPP_APP_SECRET"].present) == (
        True,
        False,
    )
    here.provisioner.fail_after = None
    known = await here.change({"WHATSAPP_API_TOKEN": TOKEN + "3", "WHATSAPP_APP_SECRET": SECRET})
    assert not any(each.unsure for each in known.values())


async def test_a_secret_that_was_changed_by_hand_is_noticed(here: Place) -> None:
    await here.change(VALUES)
    here.clock.advance(hours=1)
    await here.store.write(
        client_name="shop", environment="production", values={"WHATSAPP_APP_SECRET": SECRET[::-1]}
    )
    known = await here.known()
    assert known["WHATSAPP_APP_SECRET"].changed_at == here.clock.now
    assert known["WHATSAPP_API_TOKEN"].changed_at != here.clock.now


async def test_a_value_is_sealed_once_and_then_kept(here: Place) -> None:
    here.sealing = Sealing()
    known = await here.change(VALUES)
    assert all(each.sealed for each in known.values() if each.present)

    async def sealed() -> dict[str, str | None]:
        async with here.sessions.everywhere() as session:
            rows = await session.scalars(select(CredentialKeyRow))
            return {row.key: row.sealed for row in rows}

    first = await sealed()
    await here.known()
    await here.change({"WHATSAPP_APP_SECRET": SECRET[::-1]})
    second = await sealed()
    assert {key for key in first if first[key] != second[key]} == {"WHATSAPP_APP_SECRET"}


async def test_a_value_that_is_set_again_stays_sealed_as_it_is(here: Place) -> None:
    here.sealing = Sealing()
    first = await here.change(VALUES)
    count = here.sealing.count
    here.clock.now += timedelta(days=1)

    again = await here.change(VALUES, whole=True)

    short = {key for key, value in VALUES.items() if not fingerprint_of(key, value)}
    assert {key for key in VALUES if again[key] != first[key]} == short != set(VALUES)
    assert here.sealing.count == count + len(short)
    assert not any(each.unsure for each in again.values())

    here.sealing.certificate = "d" * 64  # the controller's next key
    await here.change(VALUES)
    assert here.sealing.count == count + len(short) + len(VALUES)


async def test_turning_sealing_on_seals_what_is_there_when_it_is_looked_at(here: Place) -> None:
    await here.change(VALUES)
    here.sealing = Sealing()
    assert all(each.sealed for each in (await here.known()).values() if each.present)


async def test_credentials_of_no_tenant_and_of_one_that_leaves_are_not_changed(here: Place) -> None:
    with pytest.raises(NotFound):
        await here.keys.change("nobody", "production", actor=OPERATOR, values=VALUES)
    async with here.sessions.everywhere.begin() as session:
        await session.execute(text("UPDATE tenants SET status = 'offboarded'"))
    with pytest.raises(Conflict, match="off-boarded"):
        await here.change(VALUES)
    assert (here.provisioner.prepared, here.provisioner.written) == ([], [])


# Files that a config.json names.


def config(here: Place, *clients: dict[str, Any]) -> Any:
    return read_config(orjson.dumps({"clients": clients}))


async def test_the_files_that_a_config_names_are_saved_and_then_left_alone(here: Place) -> None:
    handed = here.folder.parent / "handed"
    handed.mkdir()
    (handed / "shop-production.env").write_text(
        f"WHATSAPP_API_TOKEN={TOKEN}\nDATABASE_USER=x\nDATABASE_PASSWORD=y\n"
    )
    said = config(
        here,
        {
            "client_name": "shop",
            "environments": {"production": True},
            "credentials_file": "shop-{environment}.env",
        },
    )
    files = read_handed_over(said, folder=handed, numbers={}).files

    async def saved() -> list[tuple[str, bool, bool]]:
        saving = save_handed_over(here.keys, files, actor=OPERATOR, prove=True)
        return [(each.path, each.changed, each.error is None) async for each in saving]

    assert await saved() == [("shop/production", True, True)]
    assert await saved() == [("shop/production", False, True)]
    assert (await here.held()).whatsapp_api_token == TOKEN
    assert (await here.held()).database_user == ""  # of another place: ours is made here


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("../outside.env", "outside the folder"),
        ("/etc/passwd", "outside the folder"),
    ],
)
def test_a_file_that_lies_elsewhere_stops_the_import_and_is_named(
    tmp_path: Path, file: str, said: str
) -> None:
    folder = tmp_path / "handed"
    folder.mkdir()
    (tmp_path / "outside.env").write_text("")
    client = {"client_name": "shop", "environments": {"staging": {"credentials_file": file}}}
    with pytest.raises(Invalid) as refused:
        read_handed_over(
            read_config(orjson.dumps({"clients": [client]})), folder=folder, numbers={}
        )
    assert said in refused.value.fields["shop/staging"]
    assert file in refused.value.fields["shop/staging"]


def test_a_file_that_cannot_be_used_is_named_and_its_tenant_waits(tmp_path: Path) -> None:
    (tmp_path / "broken.env").write_text("GEMINI_API_KEY=abc\nhunter2\n")
    client = {
        "client_name": "shop",
        "environments": {"staging": {"credentials_file": "broken.env"}},
    }
    handed = read_handed_over(
        read_config(orjson.dumps({"clients": [client]})), folder=tmp_path, numbers={}
    )
    assert (handed.files, handed.unfit) == ((), {"shop/staging"})
    assert handed.waiting["shop/staging"].startswith("broken.env: line 2")
    assert "hunter2" not in str(handed.waiting)


NUMBER = "106540352242922"


@pytest.mark.parametrize(
    ("numbers", "owner", "waits"),
    [
        ({}, "shop/production", "shop/staging"),
        ({NUMBER: "shop/staging"}, "shop/staging", "shop/production"),
        ({NUMBER: "other/production"}, "shop/production", "shop/staging"),
    ],
)
def test_a_file_that_environments_share_is_used_for_one_and_the_others_wait(
    tmp_path: Path, numbers: dict[str, str], owner: str, waits: str
) -> None:
    (tmp_path / "shop.env").write_text(f"WHATSAPP_PHONE_NUMBER_ID={NUMBER}\n")
    client = {
        "client_name": "shop",
        "environments": {
            "development": {"credentials_file": "secrets/of-nobody.env"},
            "staging": True,
            "production": True,
        },
        "credentials_file": "secrets/shop.env",  # wherever it says, it was handed over in one heap
    }
    handed = read_handed_over(
        read_config(orjson.dumps({"clients": [client]})), folder=tmp_path, numbers=numbers
    )
    assert [each.path for each in handed.files] == [owner]
    assert set(handed.waiting) == {"shop/development", waits}
    assert "a number answers for one environment" in handed.waiting[waits]
    assert f"is not in {tmp_path.resolve()}" in handed.waiting["shop/development"]


def test_two_files_with_one_number_are_refused(tmp_path: Path) -> None:
    for name in ("a.env", "b.env"):
        (tmp_path / name).write_text(f"WHATSAPP_PHONE_NUMBER_ID={NUMBER}\n")
    environments = {
        "staging": {"credentials_file": "a.env"},
        "production": {"credentials_file": "b.env"},
    }
    client = {"client_name": "shop", "environments": environments}
    with pytest.raises(Invalid) as refused:
        read_handed_over(
            read_config(orjson.dumps({"clients": [client]})), folder=tmp_path, numbers={}
        )
    assert "same number" in refused.value.fields["shop/production"]


def test_a_fingerprint_tells_keys_apart_too() -> None:
    assert fingerprint_of("A", "x" * 20) != fingerprint_of("B", "x" * 20)
    assert fingerprint_of("A", "x" * 20 + "\n") == fingerprint_of("A", "x" * 20)
    assert fingerprint_of("A", "x" * 19) == ""


async def test_what_a_controller_has_not_made_yet_is_remembered_all_the_same(here: Place) -> None:
    here.sealing = Sealing()
    keys = here.keys
    keys._made_elsewhere = True
    await keys.change(*SHOP, actor=OPERATOR, values={"WHATSAPP_API_TOKEN": TOKEN}, prove=False)
    await here.store.remove(client_name="shop", environment="production")

    known = {each.key: each for each in await keys.known(*SHOP, actor=OPERATOR)}

    assert (known["WHATSAPP_API_TOKEN"].present, known["WHATSAPP_API_TOKEN"].sealed) == (True, True)


async def test_a_write_that_the_cluster_does_not_allow_is_taken_back(here: Place) -> None:
    here.provisioner.fail_before = CredentialsForbidden("only once")

    with pytest.raises(CredentialsForbidden):
        await here.change(VALUES)

    assert not any(each.unsure or each.present for each in (await here.known()).values())
    assert (await here.tenant()).phone_number_id is None
