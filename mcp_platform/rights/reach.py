"""Which tables hold something of a contact. A new table is in one of the three, or a test fails."""

from collections.abc import Mapping
from typing import Final

TOLD: Final[Mapping[str, str]] = {
    "contacts": "contact",
    "contact_aliases": "aliases",
    "messages": "messages",
    "inbox_events": "received",
    "turns": "turns",
    "turn_steps": "turns",
    "offers": "choices",
    "appointments": "appointments",
    "tellings": "appointments",
    "reminders": "appointments",
    "open_questions": "questions",
    "question_askers": "questions",
    "waitlist_wishes": "waiting_list",
    "contact_notes": "notes",
    "outbox": "effects",
    "audit_entries": "handled",
}
"""By table, the field of a contact's export that tells its rows."""
UNTOLD: Final[Mapping[str, str]] = {
    "undos": "where an appointment was before a change, for an hour",
    "contact_leases": "which worker answers them at this moment",
    "quarantined_events": "what Postgres refused, unread: other customers' messages may be in it",
}
"""Tables with rows of a contact that no export tells, and why."""
OF_NOBODY: Final = frozenset(
    {
        "canned_replies",
        "answers",
        "answer_texts",
        "own_wordings",
        "services",
        "professionals",
        "offerings",
    }
    | {"opening_spans", "closed_days", "calendar_looks", "booking_locks", "credential_keys"}
    | {"doctor_results", "doctor_visits", "offboardings", "publications", "tenant_troubles"}
    | {"users", "fleet_rows", "erasures", "message_templates", "template_looks"}
)
"""Tables of tenants that hold nothing of a contact."""
