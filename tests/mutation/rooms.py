"""Which tests are asked about which module: those of its room, and quick enough to be asked often."""

AGENDA = tuple(
    f"tests/scheduling/test_agenda_{each}.py"
    for each in ("booking", "changing", "finding", "outcome")
)
OUTBOX = ("tests/outbox",)
TOKENS = ("tests/api/test_tokens.py",)
ROOMS = {
    "mcp_platform/access/jwts.py": TOKENS,
    "mcp_platform/access/tenant_tokens.py": TOKENS,
    "mcp_platform/conversations/lease.py": ("tests/conversations",),
    "mcp_platform/inbox/turns.py": ("tests/inbox",),
    "mcp_platform/outbox/delivery.py": OUTBOX,
    "mcp_platform/outbox/lanes.py": OUTBOX,
    "mcp_platform/scheduling/agenda.py": AGENDA,
    "mcp_platform/scheduling/availability.py": ("tests/scheduling/test_availability.py",),
    "mcp_platform/whatsapp/signature.py": ("tests/whatsapp/test_signature.py",),
}
