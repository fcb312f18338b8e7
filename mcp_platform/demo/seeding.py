"""The two tenants, made on both sides: in our database and credentials, and at the vendors.

It does what an operator does to take a client on. Every secret is new.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from sqlalchemy import insert

from mcp_platform.access.passwords import Passwords, generate_password
from mcp_platform.access.users import create_user
from mcp_platform.audit.actor import system
from mcp_platform.demo.businesses import BUSINESSES, ENVIRONMENT, TIME_ZONE, Business, DemoCalendar
from mcp_platform.demo.catalogues import catalogue_of
from mcp_platform.errors import Unavailable
from mcp_platform.kit.database import create_engine, create_sessions
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.scheduling.catalogue_store import save_catalogue
from mcp_platform.tenants.models import ClientRow, TenantRow
from mcp_platform.tenants.tenant import TenantId

ADMINISTRATOR = "demo@localhost"
KEY_BITS = 2048  # of Google's own service-account keys
ADDRESSES = {
    "comercial-guanabara": "Rua do Catete, 214, Rio de Janeiro",
    "barbearia-do-ze": "Rua das Flores, 123, São Paulo",
}
NOTES = {
    "comercial-guanabara": "Aceitamos Pix e cartão.",
    "barbearia-do-ze": "Aceitamos Pix e cartão; há estacionamento ao lado.",
}


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What one tenant's `.env` holds, and the public half that Google knows."""

    env: Mapping[str, str]
    public_key_pem: str


@dataclass(frozen=True, slots=True, repr=False)
class Administrator:
    """Who signs in to the console of this demonstration, and of no other."""

    email: str
    password: str


def make_secrets(business: Business) -> Secrets:
    """Make one tenant's credentials."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    env = {
        "GOOGLE_CALENDAR_ID": business.agendas[0].calendar_id,
        "GOOGLE_PROJECT_ID": business.client_name,
        "GOOGLE_CLIENT_EMAIL": business.service_account,
        "GOOGLE_PRIVATE_KEY": private,
        "GEMINI_API_KEY": f"AIza{secrets.token_urlsafe(26)}",
        "WHATSAPP_API_TOKEN": f"EAA{secrets.token_hex(40)}",
        "WHATSAPP_PHONE_NUMBER_ID": business.phone_number_id,
        "WHATSAPP_BUSINESS_ACCOUNT_ID": _waba_id(business),
        "WHATSAPP_APP_ID": f"{int(business.phone_number_id) + 7}",
        "WHATSAPP_APP_SECRET": secrets.token_hex(16),
        "WHATSAPP_WEBHOOK_VERIFY_TOKEN": secrets.token_urlsafe(24),
    }
    return Secrets(env=env, public_key_pem=public.decode())


def write_credentials(folder: Path, business: Business, made: Secrets) -> None:
    """Write the `.env` file that an operator would be handed; only its owner may read it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    escaped = {key: value.strip().replace("\n", "\\n") for key, value in made.env.items()}
    text = "".join(f'{key}="{value}"\n' for key, value in escaped.items())
    path = folder / f"{business.client_name}-{ENVIRONMENT}.env"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


async def write_rows(database_url: str) -> dict[str, TenantId]:
    """Write clients, tenants and catalogues; return the tenants' ids by client name."""
    engine = create_engine(
        database_url, pool_size=1, application_name="mcp-demo", role=DatabaseRole.ADMIN
    )
    made: dict[str, TenantId] = {}
    try:
        async with create_sessions(engine).everywhere.begin() as session:
            for business in BUSINESSES:
                client = {"name": business.client_name, "business_name": business.name}
                await session.execute(insert(ClientRow).values(client))
                tenant_id = await session.scalar(
                    insert(TenantRow).values(_columns(business)).returning(TenantRow.id)
                )
                made[business.client_name] = TenantId(tenant_id or 0)
                await save_catalogue(session, made[business.client_name], catalogue_of(business))
    finally:
        await engine.dispose()
    return made


async def make_administrator(database_url: str) -> Administrator:
    """Make the console's user of this demonstration; the password is in no file."""
    password = generate_password()
    passwords = Passwords()
    kept = await passwords.hash(password)
    passwords.close()
    engine = create_engine(
        database_url, pool_size=1, application_name="mcp-demo", role=DatabaseRole.ADMIN
    )
    try:
        async with create_sessions(engine).everywhere.begin() as session:
            await create_user(
                session,
                actor=system("demo"),
                email=ADMINISTRATOR,
                name="Demo",
                role="admin",
                tenant=None,
                password_hash=kept,
                temporary=False,
            )
    finally:
        await engine.dispose()
    return Administrator(email=ADMINISTRATOR, password=password)


def _columns(business: Business) -> dict[str, Any]:
    return {
        "client_name": business.client_name,
        "environment": ENVIRONMENT,
        "time_zone": TIME_ZONE,
        "article": "a",  # a Comercial, a Barbearia
        "kind": "barber" if "barbearia" in business.client_name else "other",
        "address": ADDRESSES[business.client_name],
        "phone": business.display_phone_number,
        "notes": NOTES[business.client_name],
        "owner_whatsapp": business.owner.wa_id,
        "phone_number_id": business.phone_number_id,
        "waba_id": _waba_id(business),
        "calendar_id": business.agendas[0].calendar_id,
    }


def _waba_id(business: Business) -> str:
    return f"{int(business.phone_number_id) - 4096}"


def share_calendars(google: httpx.Client, business: Business, made: Secrets, today: date) -> None:
    """Let the tenant's service account into its owner's calendars, which are not empty."""
    account = {"client_email": business.service_account, "public_key_pem": made.public_key_pem}
    _done(google.post("/_control/accounts", json=account))
    for agenda in business.agendas:
        calendar = {
            "id": agenda.calendar_id,
            "summary": agenda.professional,
            "time_zone": TIME_ZONE,
            "access_role": "writer",
            "shared_with": [business.service_account],
        }
        _done(google.post("/_control/calendars", json=calendar))
        for event in _own_events(agenda, today):
            _done(google.post(f"/_control/calendars/{agenda.calendar_id}/events", json=event))


def _own_events(agenda: DemoCalendar, today: date) -> list[dict[str, Any]]:
    zone = ZoneInfo(TIME_ZONE)
    monday = today - timedelta(days=today.weekday())
    events = []
    for own in agenda.own:
        day = monday + timedelta(days=own.weekday)
        edges = {"start": own.starts, "end": own.ends}
        times = {
            edge: {
                "dateTime": datetime.combine(day, at, tzinfo=zone).isoformat(),
                "timeZone": TIME_ZONE,
            }
            for edge, at in edges.items()
        }
        weekly = {"recurrence": ["RRULE:FREQ=WEEKLY"]}
        events.append({"summary": own.title, **times, **weekly})
    return events


def connect_number(meta: httpx.Client, business: Business, made: Secrets, *, gateway: str) -> None:
    """Point the business's WhatsApp number at our webhook: Meta does its handshake with it.

    The owner has written to it before that, so that notices reach them: Meta lets nobody be written
    to who has not written in the last day.
    """
    number = {
        "phone_number_id": business.phone_number_id,
        "waba_id": _waba_id(business),
        "display_phone_number": business.display_phone_number,
        "token": made.env["WHATSAPP_API_TOKEN"],
        "app_id": made.env["WHATSAPP_APP_ID"],
        "app_secret": made.env["WHATSAPP_APP_SECRET"],
        "verify_token": made.env["WHATSAPP_WEBHOOK_VERIFY_TOKEN"],
    }
    _done(meta.post("/_control/numbers", json=number))
    owner = {"wa_id": business.owner.wa_id, "name": business.owner.name}
    ready = {"phone_number_id": business.phone_number_id, "from": owner, "text": "Podem me avisar."}
    _done(meta.post("/_control/inbound", json=ready))
    webhook = f"{gateway}/{business.path}/api/v1/webhooks/whatsapp"
    _done(meta.post("/_control/numbers", json={**number, "callback_url": webhook}))


def register_keys(gemini: httpx.Client, made: list[Secrets]) -> None:
    """From now on the model answers to these keys only."""
    keys = [each.env["GEMINI_API_KEY"] for each in made]
    _done(gemini.post("/_control/keys", json={"keys": keys}))


def _done(response: httpx.Response) -> None:
    if response.is_error:
        raise Unavailable(f"A simulator refused {response.request.url.path}: {response.text[:300]}")
