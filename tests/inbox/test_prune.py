"""What nobody will ask for again is forgotten, in small steps, and nothing else is."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from mcp_platform import retention
from mcp_platform.kit.database import Sessions

KEEP = timedelta(days=90)
LOG = timedelta(days=1)
OLD = "now() - interval '100 days'"
NEW = "now() - interval '80 days'"
ROWS = f"""
    INSERT INTO clients (name, business_name) VALUES ('bar', 'Bar');
    INSERT INTO tenants (client_name, environment) VALUES ('bar', 'production');
    INSERT INTO contacts (tenant_id, id, space)
        VALUES (1, '00000000-0000-0000-0000-000000000001', 'whatsapp');
    INSERT INTO inbox_events (tenant_id, key, kind, body, state, received_at) VALUES
        (1, 'old-done-1', 'message', '', 'done', {OLD}),
        (1, 'old-done-2', 'message', '', 'done', {OLD}),
        (1, 'old-done-3', 'message', '', 'done', {OLD}),
        (1, 'old-waiting', 'message', '', 'waiting', {OLD}),
        (1, 'old-parked', 'message', '', 'parked', {OLD}),
        (1, 'new-done', 'message', '', 'done', {NEW});
    INSERT INTO turns (tenant_id, id, contact_id, state, opened_at) VALUES
        (1, gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'done', {OLD}),
        (1, gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'parked', {OLD});
    INSERT INTO turn_steps (tenant_id, turn_id, name, content)
        SELECT 1, id, 'prompt', '{{}}' FROM turns;
    INSERT INTO messages (tenant_id, contact_id, direction, author, text, at) VALUES
        (1, '00000000-0000-0000-0000-000000000001', 'in', 'contact', 'old', {OLD}),
        (1, '00000000-0000-0000-0000-000000000001', 'in', 'contact', 'new', {NEW});
    INSERT INTO outbox (tenant_id, key, lane, kind, body, state, created_at) VALUES
        (1, 'old-read', 'c:1', 'whatsapp', '{{}}', 'read', {OLD}),
        (1, 'old-dead', 'c:1', 'whatsapp', '{{}}', 'dead', {OLD}),
        (1, 'old-pending', 'c:1', 'whatsapp', '{{}}', 'pending', {OLD})
"""


@pytest.mark.parametrize("batch", [2, 5_000])
async def test_finished_work_is_forgotten_after_its_time_and_the_rest_is_kept(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(retention, "PRUNE_BATCH", batch)
    async with sessions.everywhere.begin() as session:
        for statement in ROWS.split(";"):
            await session.execute(text(statement))

    pruned = await retention.prune(sessions, keep=KEEP, log=LOG)

    async with sessions.everywhere.begin() as session:
        events = set(await session.scalars(text("SELECT key FROM inbox_events")))
        turns = set(await session.scalars(text("SELECT state FROM turns")))
        steps = await session.scalar(text("SELECT count(*) FROM turn_steps"))
        messages = set(await session.scalars(text("SELECT text FROM messages")))
        outbox = set(await session.scalars(text("SELECT key FROM outbox")))
    assert events == {"old-waiting", "old-parked", "new-done"}
    assert turns == {"parked"}
    assert steps == 1
    assert messages == {"new"}
    assert outbox == {"old-dead", "old-pending"}
    assert pruned == 6


async def test_a_table_that_refuses_keeps_no_other_from_being_pruned(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        retention.OLD, "inbox_events", "1 / 0 = 1 AND received_at < now() - CAST(:keep AS interval)"
    )
    async with sessions.everywhere.begin() as session:
        for statement in ROWS.split(";"):
            await session.execute(text(statement))

    with pytest.raises(ExceptionGroup) as refused:
        await retention.prune(sessions, keep=KEEP, log=LOG)

    async with sessions.everywhere.begin() as session:
        messages = set(await session.scalars(text("SELECT text FROM messages")))
    assert "division by zero" in str(refused.value.exceptions[0])
    assert messages == {"new"}


CONTACTS = f"""
    INSERT INTO clients (name, business_name) VALUES ('bar', 'Bar');
    INSERT INTO tenants (client_name, environment) VALUES ('bar', 'production');
    INSERT INTO services (tenant_id, id, name, duration_minutes) VALUES (1, 'corte', 'Corte', 30);
    INSERT INTO professionals (tenant_id, id, name) VALUES (1, 'ze', 'Zé');
    INSERT INTO contacts (tenant_id, id, space, wa_id, name, last_inbound_at, created_at)
        SELECT 1, gen_random_uuid(), 'whatsapp', '5511' || name, name,
            CASE WHEN name LIKE 'new%' THEN {NEW} ELSE {OLD} END, {OLD}
        FROM unnest(ARRAY['gone-1', 'gone-2', 'gone-3', 'new', 'booked', 'spoken', 'parked',
                          'dead', 'holds', 'with-a-person', 'forever-with-a-person',
                          'had-a-person']) AS name;
    UPDATE contacts SET last_inbound_at = NULL WHERE name = 'gone-2';
    UPDATE contacts SET answered_by = 'human' WHERE name LIKE '%person';
    UPDATE contacts SET human_until = now() + interval '1 h' WHERE name = 'with-a-person';
    UPDATE contacts SET human_until = {OLD} WHERE name = 'had-a-person';
    INSERT INTO contact_aliases (tenant_id, alias, contact_id)
        SELECT 1, 'w:' || wa_id, id FROM contacts;
    INSERT INTO contact_leases (tenant_id, contact_id) SELECT 1, id FROM contacts;
    INSERT INTO messages (tenant_id, contact_id, direction, author, text, at)
        SELECT 1, id, 'in', 'contact', 'oi', {OLD} FROM contacts
        UNION ALL
        SELECT 1, id, 'out', 'human', 'lembrete', {NEW} FROM contacts WHERE name = 'spoken';
    INSERT INTO turns (tenant_id, id, contact_id, state, opened_at)
        SELECT 1, gen_random_uuid(), id, 'parked', {OLD} FROM contacts WHERE name = 'parked';
    INSERT INTO outbox (tenant_id, key, lane, kind, body, state, created_at, contact_id)
        SELECT 1, name, 'c:1', 'whatsapp', '{{}}', state, {OLD}, id
        FROM contacts, unnest(ARRAY['dead', 'read']) AS state WHERE name IN ('dead', 'gone-3')
            AND (name = 'dead') = (state = 'dead');
    INSERT INTO appointments (tenant_id, id, contact_id, professional_id, service_id, status,
            starts_at, ends_at, blocked, hold_expires_at)
        SELECT 1, gen_random_uuid(), id, 'ze', 'corte', status, begins, begins + interval '1 h',
            tstzrange(begins, begins + interval '1 h'), expires
        FROM contacts JOIN (VALUES
            ('booked', 'cancelled', {OLD}, NULL),
            ('gone-3', 'held', {OLD}, {OLD}),
            ('holds', 'held', {NEW}, now() - interval '1 h')
        ) AS which (name, status, begins, expires) USING (name)
"""


async def test_names_and_numbers_of_who_never_booked_go_with_what_was_said(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PRUNE_BATCH", 2)
    async with sessions.everywhere.begin() as session:
        for statement in CONTACTS.split(";"):
            await session.execute(text(statement))

    async with sessions.everywhere.begin() as other:  # somebody who writes at this moment
        await other.execute(text("SELECT FROM contacts WHERE name = 'gone-1' FOR KEY SHARE"))
        await retention.prune(sessions, keep=KEEP, log=LOG)
    kept = {"new", "booked", "spoken", "parked", "dead", "holds"}
    kept |= {"with-a-person", "forever-with-a-person"}
    async with sessions.everywhere.begin() as session:
        assert set(await session.scalars(text("SELECT name FROM contacts"))) == {"gone-1", *kept}

    await retention.prune(sessions, keep=KEEP, log=LOG)

    async with sessions.everywhere.begin() as session:
        assert set(await session.scalars(text("SELECT name FROM contacts"))) == kept
        assert await session.scalar(text("SELECT count(*) FROM contact_aliases")) == len(kept)
        assert await session.scalar(text("SELECT count(*) FROM contact_leases")) == len(kept)


async def test_what_another_worker_is_deleting_is_left_to_it(sessions: Sessions) -> None:
    async with sessions.everywhere.begin() as session:
        for statement in ROWS.split(";"):
            await session.execute(text(statement))

    async with sessions.everywhere.begin() as other:
        await other.execute(text("SELECT FROM inbox_events WHERE key = 'old-done-1' FOR UPDATE"))
        assert await retention.prune(sessions, keep=KEEP, log=LOG) == 5

    assert await retention.prune(sessions, keep=KEEP, log=LOG) == 1
