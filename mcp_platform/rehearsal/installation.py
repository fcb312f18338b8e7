"""The scratch installation: a database in a temporary folder, Meta and Google on loopback, the service.

Everything in it is new but for the tenant's key to the model and what its customers may know.
"""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import httpx

from mcp_platform import schema
from mcp_platform.app import create_app
from mcp_platform.assistant.model import Model
from mcp_platform.bootstrap.service import Platform
from mcp_platform.embedded import EmbeddedPostgres
from mcp_platform.rehearsal.beginnings import Beginning
from mcp_platform.rehearsal.dialogues import Dialogue
from mcp_platform.rehearsal.phone import CustomersPhone, done
from mcp_platform.rehearsal.rehearsed import RehearsedTenant, write
from mcp_platform.rehearsal.watched import WatchedModel
from mcp_platform.simulators.google import app as google_calendar
from mcp_platform.simulators.meta import app as meta
from mcp_platform.simulators.serving import serving
from mcp_platform.tenants.stores import EnvDirectoryStore
from mcp_platform.worker import Worker

ACCOUNT = "rehearsal@rehearsal.iam.gserviceaccount.com"
OWNER = "5511900000001"
FIRST_NUMBER = 100_000_000_000_001  # Meta's ids of numbers have fifteen digits
READY = "Podem me avisar."  # the owner's: Meta lets nobody be written to who has not written


class OpensPlatform(Protocol):
    """Runs the service with these folders and servers, and with a model that is watched."""

    def __call__(
        self,
        *,
        data_dir: Path,
        credentials_dir: Path,
        database_url: str,
        meta_url: str,
        google_url: str,
        watching: Callable[[Model], Model],
    ) -> AbstractAsyncContextManager[Platform]: ...


@dataclass(frozen=True, slots=True)
class ScratchDatabase:
    """A folder that goes again, and a migrated database in it."""

    folder: Path
    url: str


@contextmanager
def scratch_database() -> Iterator[ScratchDatabase]:
    """Make a database; stop it and remove the folder afterwards. Blocks.

    Raises:
        CannotStart: PostgreSQL does not run here.
    """
    folder = Path(tempfile.mkdtemp(prefix="mcp-platform-rehearsal-"))
    try:
        folder.chmod(0o711)  # as root, PostgreSQL runs under an account that must pass through
        with EmbeddedPostgres(folder / "postgres", fsync=False) as postgres:
            schema.migrate(postgres.url)
            yield ScratchDatabase(folder, postgres.url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScratchInstallation:
    """The service while it runs. Each dialogue has a copy of the tenant for itself."""

    rehearsed: RehearsedTenant
    model: WatchedModel
    _platform: Platform
    _url: str
    _meta: httpx.AsyncClient
    _google: httpx.AsyncClient
    _store: EnvDirectoryStore
    _secrets: dict[str, str]

    async def copy_for(self, dialogue: Dialogue, *, number: int, now: datetime) -> CustomersPhone:
        """Make a copy of the tenant in which it is so as the dialogue begins; return a phone.

        Raises:
            Invalid: the dialogue begins with what this tenant has not.
        """
        client_name = f"rehearsal-{number:04d}"
        calendar_id = f"{client_name}@group.calendar.google.com"
        await self._share(calendar_id)
        phone_number_id = str(FIRST_NUMBER + number)
        values = {**self._secrets, "WHATSAPP_PHONE_NUMBER_ID": phone_number_id}
        await self._store.write(
            client_name=client_name,
            environment=self.rehearsed.tenant.environment,
            values=values,
        )
        sessions = self._platform.shared.admin_sessions
        async with sessions.everywhere.begin() as session:
            made = await write(
                session,
                self.rehearsed,
                client_name=client_name,
                phone_number_id=phone_number_id,
                calendar_id=calendar_id,
                owner_whatsapp=OWNER,
            )
            beginning = Beginning(
                session=session,
                tenant=made.id,
                catalogue=self.rehearsed.catalogue,
                language=dialogue.language,
                now=now,
            )
            await beginning.prepare(dialogue.before, dialogue=dialogue.id)
        await self._connect(phone_number_id, path=made.path)
        return CustomersPhone(
            meta=self._meta,
            sessions=sessions,
            tenant=made.id,
            phone_number_id=phone_number_id,
            owner=OWNER,
            zone=self.rehearsed.catalogue.rules.zone,
        )

    async def _connect(self, phone_number_id: str, *, path: str) -> None:
        """Point a number at our webhook; what the owner wrote before that is not for us."""
        number = {
            "phone_number_id": phone_number_id,
            "waba_id": "rehearsal",
            "display_phone_number": "551140000001",
            "token": self._secrets["WHATSAPP_API_TOKEN"],
            "app_id": "rehearsal",
            "app_secret": self._secrets["WHATSAPP_APP_SECRET"],
            "verify_token": self._secrets["WHATSAPP_WEBHOOK_VERIFY_TOKEN"],
        }
        owner = {"wa_id": OWNER, "name": "Owner"}
        ready = {"phone_number_id": phone_number_id, "from": owner, "text": READY}
        webhook = f"{self._url}/{path}/api/v1/webhooks/whatsapp"
        for what, body in (
            ("numbers", number),
            ("inbound", ready),
            ("numbers", {**number, "callback_url": webhook}),
        ):
            done(await self._meta.post(f"/_control/{what}", json=body))

    async def _share(self, calendar_id: str) -> None:
        """Make an empty calendar that the service may write to."""
        calendar = {
            "id": calendar_id,
            "summary": self.rehearsed.tenant.business_name,
            "time_zone": self.rehearsed.tenant.time_zone,
            "access_role": "writer",
            "shared_with": [ACCOUNT],
        }
        done(await self._google.post("/_control/calendars", json=calendar))


@asynccontextmanager
async def scratch_installation(
    rehearsed: RehearsedTenant,
    *,
    gemini_key: str,
    database: ScratchDatabase,
    opens: OpensPlatform,
) -> AsyncIterator[ScratchInstallation]:
    """Start simulators and service in this event loop; stop them afterwards."""
    async with AsyncExitStack() as stack:
        meta_url = await stack.enter_async_context(serving(meta.create_app()))
        google_url = await stack.enter_async_context(serving(google_calendar.create_app()))
        credentials = database.folder / "credentials"
        credentials.mkdir(mode=0o700)
        private, public = google_calendar.new_service_account(ACCOUNT)
        meta_, google_ = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=url))
            for url in (meta_url, google_url)
        ]
        account = {"client_email": ACCOUNT, "public_key_pem": public, "private_key_id": "k1"}
        done(await google_.post("/_control/accounts", json=account))
        watched: list[WatchedModel] = []

        def watching(model: Model) -> Model:
            watched.append(WatchedModel(model))
            return watched[-1]

        platform = await stack.enter_async_context(
            opens(
                data_dir=database.folder / "data",
                credentials_dir=credentials,
                database_url=database.url,
                meta_url=meta_url,
                google_url=google_url,
                watching=watching,
            )
        )
        url = await stack.enter_async_context(serving(create_app(platform)))
        if platform.worker is not None:
            await stack.enter_async_context(_working(platform.worker))
        yield ScratchInstallation(
            rehearsed=rehearsed,
            model=watched[0],
            _platform=platform,
            _url=url,
            _meta=meta_,
            _google=google_,
            _store=EnvDirectoryStore(credentials),
            _secrets={
                "GEMINI_API_KEY": gemini_key,
                "GOOGLE_CLIENT_EMAIL": ACCOUNT,
                "GOOGLE_PRIVATE_KEY": private,
                "WHATSAPP_API_TOKEN": f"EAA{secrets.token_hex(40)}",
                "WHATSAPP_APP_SECRET": secrets.token_hex(16),
                "WHATSAPP_WEBHOOK_VERIFY_TOKEN": secrets.token_hex(16),
            },
        )


@asynccontextmanager
async def _working(worker: Worker) -> AsyncIterator[None]:
    """Run a worker. What is under way is finished, unless the block ends by an error or Ctrl-C."""
    task = asyncio.create_task(worker.run())
    try:
        yield
        worker.stop()
    except BaseException:
        task.cancel()
        raise
    finally:
        await asyncio.wait({task})
