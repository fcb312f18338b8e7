"""The first schema, and the queue's own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.util import await_only

from mcp_platform.kit.queue import SCHEMA, install_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "clients",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("business_name", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "name ~ '^[a-z0-9]([-a-z0-9]{1,38})[a-z0-9]$'",
            name=op.f("ck_clients_name_is_dns_label"),
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_clients")),
    )
    op.create_table(
        "inbox_events",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contact_key", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("instant", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('message', 'status', 'other')", name=op.f("ck_inbox_events_kind")
        ),
        sa.CheckConstraint(
            "state in ('waiting', 'claimed', 'done', 'parked')", name=op.f("ck_inbox_events_state")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "key", name=op.f("pk_inbox_events")),
    )
    op.create_index(
        "ix_inbox_events_received_at",
        "inbox_events",
        ["received_at"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_index(
        "ix_inbox_events_turn_id",
        "inbox_events",
        ["tenant_id", "turn_id"],
        unique=False,
        postgresql_where=sa.text("turn_id is not null"),
    )
    op.create_index(
        "ix_inbox_events_waiting",
        "inbox_events",
        ["tenant_id", "contact_key", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting' and kind = 'message'"),
    )
    op.create_index(
        "ix_inbox_events_waiting_statuses",
        "inbox_events",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting' and kind <> 'message'"),
    )
    op.create_table(
        "quarantined_events",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_quarantined_events")),
    )
    op.create_index(
        "ix_quarantined_events_received_at", "quarantined_events", ["received_at"], unique=False
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_name", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("topology", sa.Text(), server_default="shared", nullable=False),
        sa.Column("language", sa.Text(), server_default="pt-BR", nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="America/Sao_Paulo", nullable=False),
        sa.Column("slot_step_minutes", sa.BigInteger(), server_default="30", nullable=False),
        sa.Column("minimum_notice_minutes", sa.BigInteger(), server_default="60", nullable=False),
        sa.Column("horizon_days", sa.BigInteger(), server_default="60", nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("owner_whatsapp", sa.Text(), nullable=True),
        sa.Column("model_enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("phone_number_id", sa.Text(), nullable=True),
        sa.Column("waba_id", sa.Text(), nullable=True),
        sa.Column("calendar_id", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "environment in ('development', 'staging', 'production')",
            name=op.f("ck_tenants_environment"),
        ),
        sa.CheckConstraint(
            "status in ('active', 'suspended', 'offboarded')", name=op.f("ck_tenants_status")
        ),
        sa.CheckConstraint("topology in ('shared', 'isolated')", name=op.f("ck_tenants_topology")),
        sa.CheckConstraint(
            "slot_step_minutes > 0 and minimum_notice_minutes >= 0 and horizon_days >= 0",
            name=op.f("ck_tenants_booking_rules"),
        ),
        sa.ForeignKeyConstraint(
            ["client_name"], ["clients.name"], name=op.f("fk_tenants_client_name_clients")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint(
            "client_name", "environment", name=op.f("uq_tenants_client_name_environment")
        ),
        sa.UniqueConstraint("phone_number_id", name=op.f("uq_tenants_phone_number_id")),
    )
    op.create_table(
        "contacts",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("bsuid", sa.Text(), nullable=True),
        sa.Column("wa_id", sa.Text(), nullable=True),
        sa.Column("api_user_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("last_inbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Text(), server_default="assistant", nullable=False),
        sa.Column("human_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "answered_by in ('assistant', 'human')", name=op.f("ck_contacts_answered_by")
        ),
        sa.CheckConstraint("space in ('whatsapp', 'api')", name=op.f("ck_contacts_space")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_contacts_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_contacts")),
    )
    op.create_table(
        "outbox",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("give_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("resends", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("wamid", sa.Text(), nullable=True),
        sa.Column("error_code", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind in ('whatsapp', 'calendar_put', 'calendar_remove')", name=op.f("ck_outbox_kind")
        ),
        sa.CheckConstraint(
            "state in ('pending', 'sending', 'uncertain', 'sent', 'delivered', 'read', 'failed', 'done', 'dead')",
            name=op.f("ck_outbox_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_outbox_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_outbox_tenant_id_key")),
    )
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"], unique=False)
    op.create_index(
        "ix_outbox_dead",
        "outbox",
        ["tenant_id"],
        unique=False,
        postgresql_where=sa.text("state in ('dead', 'failed')"),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state in ('pending', 'sending', 'uncertain')"),
    )
    op.create_index(
        "ix_outbox_unfinished",
        "outbox",
        ["tenant_id", "lane", "id"],
        unique=False,
        postgresql_where=sa.text("state in ('pending', 'sending', 'uncertain')"),
    )
    op.create_index(
        "ix_outbox_wamid",
        "outbox",
        ["tenant_id", "wamid"],
        unique=False,
        postgresql_where=sa.text("wamid is not null"),
    )
    op.create_table(
        "professionals",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("calendar_id", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_professionals_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_professionals")),
    )
    op.create_table(
        "services",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("duration_minutes", sa.BigInteger(), nullable=False),
        sa.Column("buffer_before_minutes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("buffer_after_minutes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), server_default="BRL", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "buffer_before_minutes between 0 and 1440 and buffer_after_minutes between 0 and 1440",
            name=op.f("ck_services_buffers"),
        ),
        sa.CheckConstraint(
            "duration_minutes between 5 and 1440", name=op.f("ck_services_duration")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_services_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_services")),
    )
    op.create_table(
        "tenant_troubles",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tenant_troubles_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "what", name=op.f("pk_tenant_troubles")),
    )
    op.create_table(
        "appointments",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("hold_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_for", sa.Text(), nullable=True),
        sa.Column("calendar_id", sa.Text(), nullable=True),
        sa.Column("price_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        postgresql.ExcludeConstraint(
            (sa.column("tenant_id"), "="),
            (sa.column("professional_id"), "="),
            (sa.column("blocked"), "&&"),
            where=sa.text("status in ('held', 'booked', 'confirmed')"),
            using="gist",
            name="ex_appointments_one_slot_one_booking",
        ),
        sa.CheckConstraint(
            "(status = 'held') = (hold_expires_at is not null)",
            name=op.f("ck_appointments_hold_expires"),
        ),
        sa.CheckConstraint(
            "status in ('held', 'booked', 'confirmed', 'cancelled', 'completed', 'no_show')",
            name=op.f("ck_appointments_status"),
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_appointments_order")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contacts.tenant_id", "contacts.id"],
            name=op.f("fk_appointments_tenant_id_contact_id_contacts"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "professional_id"],
            ["professionals.tenant_id", "professionals.id"],
            name=op.f("fk_appointments_tenant_id_professional_id_professionals"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "service_id"],
            ["services.tenant_id", "services.id"],
            name=op.f("fk_appointments_tenant_id_service_id_services"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_appointments_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_appointments")),
    )
    op.create_index(
        "ix_appointments_tenant_id_contact_id",
        "appointments",
        ["tenant_id", "contact_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        "ix_appointments_tenant_id_starts_at",
        "appointments",
        ["tenant_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        "uq_appointments_one_hold_per_contact",
        "appointments",
        ["tenant_id", "contact_id"],
        unique=True,
        postgresql_where=sa.text("status = 'held'"),
    )
    op.create_table(
        "closed_days",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("professional_id", sa.Text(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "professional_id"],
            ["professionals.tenant_id", "professionals.id"],
            name=op.f("fk_closed_days_tenant_id_professional_id_professionals"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_closed_days_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_closed_days")),
    )
    op.create_index(
        "ix_closed_days_tenant_id_day", "closed_days", ["tenant_id", "day"], unique=False
    )
    op.create_table(
        "contact_aliases",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contacts.tenant_id", "contacts.id"],
            name=op.f("fk_contact_aliases_tenant_id_contact_id_contacts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "alias", name=op.f("pk_contact_aliases")),
    )
    op.create_index(
        "ix_contact_aliases_tenant_id_contact_id",
        "contact_aliases",
        ["tenant_id", "contact_id"],
        unique=False,
    )
    op.create_table(
        "contact_leases",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("holder", sa.Uuid(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contacts.tenant_id", "contacts.id"],
            name=op.f("fk_contact_leases_tenant_id_contact_id_contacts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "contact_id", name=op.f("pk_contact_leases")),
    )
    op.create_table(
        "messages",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("direction in ('in', 'out')", name=op.f("ck_messages_direction")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contacts.tenant_id", "contacts.id"],
            name=op.f("fk_messages_tenant_id_contact_id_contacts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_at", "messages", ["at"], unique=False, postgresql_using="brin")
    op.create_index(
        "ix_messages_tenant_id_contact_id",
        "messages",
        ["tenant_id", "contact_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_messages_key",
        "messages",
        ["tenant_id", "key"],
        unique=True,
        postgresql_where=sa.text("key is not null"),
    )
    op.create_table(
        "offerings",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("professional_id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "professional_id"],
            ["professionals.tenant_id", "professionals.id"],
            name=op.f("fk_offerings_tenant_id_professional_id_professionals"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "service_id"],
            ["services.tenant_id", "services.id"],
            name=op.f("fk_offerings_tenant_id_service_id_services"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "professional_id", "service_id", name=op.f("pk_offerings")
        ),
    )
    op.create_table(
        "offers",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("action", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contacts.tenant_id", "contacts.id"],
            name=op.f("fk_offers_tenant_id_contact_id_contacts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_offers")),
    )
    op.create_index("ix_offers_expires_at", "offers", ["expires_at"], unique=False)
    op.create_index(
        "ix_offers_tenant_id_contact_id", "offers", ["tenant_id", "contact_id"], unique=False
    )
    op.create_table(
        "opening_spans",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("professional_id", sa.Text(), nullable=False),
        sa.Column("weekday", sa.BigInteger(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.CheckConstraint(
            "opens < closes or closes = '00:00'", name=op.f("ck_opening_spans_closes")
        ),
        sa.CheckConstraint("weekday between 0 and 6", name=op.f("ck_opening_spans_weekday")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "professional_id"],
            ["professionals.tenant_id", "professionals.id"],
            name=op.f("fk_opening_spans_tenant_id_professional_id_professionals"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "professional_id", "weekday", "opens", name=op.f("pk_opening_spans")
        ),
    )
    op.create_table(
        "turns",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("starts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('open', 'done', 'parked')", name=op.f("ck_turns_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contacts.tenant_id", "contacts.id"],
            name=op.f("fk_turns_tenant_id_contact_id_contacts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_turns")),
    )
    op.create_index("ix_turns_opened_at", "turns", ["opened_at"], unique=False)
    op.create_index(
        "ix_turns_parked",
        "turns",
        ["tenant_id"],
        unique=False,
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_index(
        "uq_turns_one_open_per_contact",
        "turns",
        ["tenant_id", "contact_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "turn_steps",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "turn_id"],
            ["turns.tenant_id", "turns.id"],
            name=op.f("fk_turn_steps_tenant_id_turn_id_turns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "turn_id", "name", name=op.f("pk_turn_steps")),
    )

    # pgqueuer's schema is a script of many statements, which only the driver itself can run;
    # the transaction is already open, so that the script belongs to it.
    driver = op.get_bind().connection.driver_connection
    await_only(driver.execute(install_script()))


def downgrade() -> None:
    op.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
    op.drop_table("turn_steps")
    op.drop_index(
        "uq_turns_one_open_per_contact",
        table_name="turns",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(
        "ix_turns_parked", table_name="turns", postgresql_where=sa.text("state = 'parked'")
    )
    op.drop_index("ix_turns_opened_at", table_name="turns")
    op.drop_table("turns")
    op.drop_table("opening_spans")
    op.drop_index("ix_offers_tenant_id_contact_id", table_name="offers")
    op.drop_index("ix_offers_expires_at", table_name="offers")
    op.drop_table("offers")
    op.drop_table("offerings")
    op.drop_index(
        "uq_messages_key", table_name="messages", postgresql_where=sa.text("key is not null")
    )
    op.drop_index("ix_messages_tenant_id_contact_id", table_name="messages")
    op.drop_index("ix_messages_at", table_name="messages", postgresql_using="brin")
    op.drop_table("messages")
    op.drop_table("contact_leases")
    op.drop_index("ix_contact_aliases_tenant_id_contact_id", table_name="contact_aliases")
    op.drop_table("contact_aliases")
    op.drop_index("ix_closed_days_tenant_id_day", table_name="closed_days")
    op.drop_table("closed_days")
    op.drop_index(
        "uq_appointments_one_hold_per_contact",
        table_name="appointments",
        postgresql_where=sa.text("status = 'held'"),
    )
    op.drop_index("ix_appointments_tenant_id_starts_at", table_name="appointments")
    op.drop_index("ix_appointments_tenant_id_contact_id", table_name="appointments")
    op.drop_table("appointments")
    op.drop_table("tenant_troubles")
    op.drop_table("services")
    op.drop_table("professionals")
    op.drop_index(
        "ix_outbox_wamid", table_name="outbox", postgresql_where=sa.text("wamid is not null")
    )
    op.drop_index(
        "ix_outbox_unfinished",
        table_name="outbox",
        postgresql_where=sa.text("state in ('pending', 'sending', 'uncertain')"),
    )
    op.drop_index(
        "ix_outbox_due",
        table_name="outbox",
        postgresql_where=sa.text("state in ('pending', 'sending', 'uncertain')"),
    )
    op.drop_index(
        "ix_outbox_dead",
        table_name="outbox",
        postgresql_where=sa.text("state in ('dead', 'failed')"),
    )
    op.drop_index("ix_outbox_created_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("contacts")
    op.drop_table("tenants")
    op.drop_index("ix_quarantined_events_received_at", table_name="quarantined_events")
    op.drop_table("quarantined_events")
    op.drop_index(
        "ix_inbox_events_waiting_statuses",
        table_name="inbox_events",
        postgresql_where=sa.text("state = 'waiting' and kind <> 'message'"),
    )
    op.drop_index(
        "ix_inbox_events_waiting",
        table_name="inbox_events",
        postgresql_where=sa.text("state = 'waiting' and kind = 'message'"),
    )
    op.drop_index(
        "ix_inbox_events_turn_id",
        table_name="inbox_events",
        postgresql_where=sa.text("turn_id is not null"),
    )
    op.drop_index("ix_inbox_events_received_at", table_name="inbox_events", postgresql_using="brin")
    op.drop_table("inbox_events")
    op.drop_table("clients")
