"""One row of every table for each of two tenants, to be looked for by the other."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncConnection

from mcp_platform.schema import metadata

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
# Rows that are no tenant's, and those by which all policies go.
OF_THE_PLATFORM = frozenset(
    {
        "client_drafts",
        "clients",
        "fleet_jobs",
        "fleet_refreshes",
        "idempotency_keys",
        "live_changes",
        "live_watches",
        "manifest_blocks",
        "refresh_tokens",
        "sign_in_throttles",
        "sign_ins",
        "tenants",
    }
)
OF_TENANTS = [table for table in metadata.sorted_tables if "tenant_id" in table.columns]


def named(tenant_id: int, what: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{tenant_id}/{what}")


def rows_of(tenant_id: int) -> dict[str, dict[str, Any]]:
    """Return by table what a tenant has: nothing in it is like another tenant's."""
    contact = {"contact_id": named(tenant_id, "contact")}
    turn = {"turn_id": named(tenant_id, "turn")}
    who, what = f"ze-{tenant_id}", f"corte-{tenant_id}"
    span = NOW + timedelta(days=1), NOW + timedelta(days=1, minutes=30)
    return {
        "answers": {"id": f"a{tenant_id}", "language": "pt-BR", "position": 0},
        "answer_texts": {
            "answer_id": f"a{tenant_id}",
            "language": "pt-BR",
            "title": f"words of {tenant_id}",
            "questions": ["?"],
            "text": f"words of {tenant_id}",
            "approved": True,
            "search": "words",
        },
        "appointments": {
            "id": named(tenant_id, "appointment"),
            **contact,
            "professional_id": who,
            "service_id": what,
            "status": "booked",
            "starts_at": span[0],
            "ends_at": span[1],
            "blocked": Range(*span),
            "person": "Theo",
            "notes": "de carro",
        },
        "audit_entries": {
            "actor_kind": "system",
            "actor": "tests",
            "role": "admin",
            "action": "tenant.update",
            "target": str(tenant_id),
        },
        "booking_locks": {},
        "calendar_looks": {"next_due_at": NOW},
        "undos": {
            "appointment_id": named(tenant_id, "appointment"),
            "version": 1,
            "changed_at": NOW,
        },
        "tellings": {
            "appointment_id": named(tenant_id, "appointment"),
            "version": 1,
            "known_start": span[0],
            "until": span[0],
            "by": "tests",
            "changed_at": NOW,
        },
        "closed_days": {"professional_id": who, "day": date(2026, 12, 25)},
        "contact_aliases": {"alias": f"w:{tenant_id}", **contact},
        "contact_leases": contact,
        "canned_replies": {"id": named(tenant_id, "canned"), "title": "x", "text": "y"},
        "contact_notes": {
            "id": named(tenant_id, "note"),
            "text": "x",
            "by": "tests",
            "at": NOW,
            **contact,
        },
        "contacts": {"id": contact["contact_id"], "space": "whatsapp"},
        "credential_keys": {"key": "GEMINI_API_KEY"},
        "doctor_results": {
            "name": "gemini.key",
            "state": "ok",
            "code": "works",
            "details": {},
            "since": NOW,
            "checked_at": NOW,
        },
        "doctor_visits": {"next_due_at": NOW},
        "fleet_rows": {"waiting": 0, "questions": 0, "stopped": 0},
        "erasures": {
            "id": named(tenant_id, "erasure"),
            "erased_at": NOW,
            "fingerprints": ["0"],
            "counts": {},
        },
        "inbox_events": {"key": f"m:{tenant_id}", "kind": "message", "body": b"{}"},
        "messages": {
            **contact,
            "direction": "in",
            "author": "contact",
            "text": f"words of {tenant_id}",
            "at": NOW,
        },
        "offboardings": {
            "status_before": "active",
            "started_at": NOW,
            "purge_after": NOW,
            "due_at": NOW,
        },
        "offerings": {"professional_id": who, "service_id": what},
        "offers": {
            "id": f"s_{tenant_id}",
            **contact,
            "action": {},
            "expires_at": NOW,
        },
        "own_wordings": {
            "language": "pt-BR",
            "phrase": "ask_help",
            "wordings": [f"words of {tenant_id}"],
        },
        "message_templates": {
            "purpose": "reminder",
            "language": "pt-BR",
            "version": 1,
            "name": f"mcp_reminder_{tenant_id}",
            "words": f"words of {tenant_id}",
            "buttons": ["Confirmar"],
            "own": True,
            "wanted_at": NOW,
            "changed_at": NOW,
        },
        "reminders": {
            "appointment_id": named(tenant_id, "appointment"),
            "starts_at": span[0],
            "hours": 2,
            "due_at": span[0],
            "until": span[0],
            "state": "planned",
        },
        "template_looks": {"due_at": NOW},
        "open_questions": {
            "id": f"q{tenant_id}",
            "words": f"words of {tenant_id}",
            "likeness": f"words of {tenant_id}",
            "asked_at": NOW,
        },
        "question_askers": {
            "id": named(tenant_id, "asker"),
            "question_id": f"q{tenant_id}",
            **contact,
            "words": f"words of {tenant_id}",
            "language": "pt-BR",
            "asked_at": NOW,
        },
        "waitlist_wishes": {
            "id": f"w{tenant_id}",
            **contact,
            "service_id": what,
            "day": NOW.date(),
            "wished_at": NOW,
        },
        "opening_spans": {
            "professional_id": who,
            "weekday": 1,
            "opens": time(8),
            "closes": time(18),
        },
        "outbox": {
            "key": f"r:{tenant_id}",
            "lane": f"c:{tenant_id}",
            "kind": "whatsapp",
            **contact,
            "body": {},
        },
        "professionals": {"id": who, "name": who},
        "publications": {"requested": "present", "requested_at": NOW},
        "quarantined_events": {"body": b"?", "error": "unreadable"},
        "services": {"id": what, "name": what, "duration_minutes": 30},
        "tenant_troubles": {"what": "model", "reason": "refused"},
        "turn_steps": {**turn, "name": "prompt", "content": {}},
        "turns": {"id": turn["turn_id"], **contact, "opened_at": NOW},
        "users": {
            "id": named(tenant_id, "user"),
            "email": f"staff-{tenant_id}@example.com",
            "name": "Ana",
            "role": "staff",
            "password_hash": "-",
        },
    }


async def fill_tables(connection: AsyncConnection, tenant_id: int) -> None:
    rows = rows_of(tenant_id)
    for table in OF_TENANTS:
        await connection.execute(table.insert().values(tenant_id=tenant_id, **rows[table.name]))


def references(table: Table) -> list[tuple[list[str], str]]:
    """Return of each foreign key between tenants' tables its columns, and where they lead."""
    return [
        ([column.name for column in key.columns], key.referred_table.name)
        for key in sorted(table.foreign_key_constraints, key=lambda each: str(each.name))
        if key.referred_table.name != "tenants"
    ]
