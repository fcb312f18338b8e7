"""Rows of clients and tenants."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Exists,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    exists,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base, Versioned

# Of a column: a purge empties it. The number may be another tenant's at once.
PURGED = {"purged": True}


class ClientRow(Versioned, Base):
    __tablename__ = "clients"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z0-9]([-a-z0-9]{1,38})[a-z0-9]$'", name="name_is_dns_label"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    business_name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class TenantRow(Versioned, Base):
    __tablename__ = "tenants"
    __table_args__ = (
        UniqueConstraint("client_name", "environment"),
        # Two environments must not answer on one number.
        UniqueConstraint("phone_number_id"),
        UniqueConstraint("database_role"),
        # A stranger may name any, before a signature is checked.
        Index("ix_tenants_waba_id", "waba_id"),
        CheckConstraint(
            "environment in ('development', 'staging', 'production')", name="environment"
        ),
        CheckConstraint("status in ('active', 'suspended', 'offboarded')", name="status"),
        CheckConstraint(
            "slot_step_minutes > 0 and minimum_notice_minutes >= 0 and horizon_days >= 0",
            name="booking_rules",
        ),
        CheckConstraint("topology in ('shared', 'isolated')", name="topology"),
        CheckConstraint("article in ('o', 'a', 'os', 'as')", name="article"),
        CheckConstraint(
            "kind in ('barber', 'salon', 'nails', 'massage', 'clinic', 'dentist', 'pets', 'other')",
            name="kind",
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    client_name: Mapped[str] = mapped_column(ForeignKey("clients.name"))
    environment: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="active")
    topology: Mapped[str] = mapped_column(server_default="shared")
    language: Mapped[str] = mapped_column(server_default="pt-BR")
    time_zone: Mapped[str] = mapped_column(server_default="America/Sao_Paulo")
    slot_step_minutes: Mapped[int] = mapped_column(server_default="30")
    minimum_notice_minutes: Mapped[int] = mapped_column(server_default="60")
    horizon_days: Mapped[int] = mapped_column(server_default="60")
    free_days_close: Mapped[bool] = mapped_column(server_default="true")
    unanswered_close: Mapped[bool] = mapped_column(server_default="false")
    article: Mapped[str | None]
    """What stands before the business's name in Portuguese and Spanish; null: nothing does."""
    kind: Mapped[str | None]
    holidays_of: Mapped[str] = mapped_column(server_default="BR")
    """ISO 3166: a country, or one of its states, whose holidays are offered as closed days."""
    own_holidays: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    """The town's own, every year: month, day and name."""
    holidays_decided: Mapped[int | None] = mapped_column(SmallInteger)
    """The last year whose holidays somebody said yes or no to."""
    address: Mapped[str | None] = mapped_column(info=PURGED)
    phone: Mapped[str | None] = mapped_column(info=PURGED)
    notes: Mapped[str | None] = mapped_column(info=PURGED)
    owner_whatsapp: Mapped[str | None] = mapped_column(info=PURGED)
    """Where notices to the owner go: digits of an international number, no `+`."""
    model_enabled: Mapped[bool] = mapped_column(server_default="true")
    reminder_hours: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default="{24,2}")
    """How many hours before an appointment its customer is reminded; none: never."""
    quiet_from: Mapped[str] = mapped_column(server_default="21:00")
    quiet_until: Mapped[str] = mapped_column(server_default="08:00")
    """By the business's clock: when nobody is reminded. Alike: there is no such time."""
    unconfirmed_hours: Mapped[int | None] = mapped_column(SmallInteger, server_default="4")
    """How many hours before an appointment staff is shown who has not confirmed; null: never."""
    templates_as_marketing: Mapped[bool] = mapped_column(server_default="false")
    """Whether a template that Meta counts as MARKETING is sent, at its price."""
    phone_number_id: Mapped[str | None] = mapped_column(info=PURGED)
    waba_id: Mapped[str | None] = mapped_column(info=PURGED)
    calendar_id: Mapped[str | None] = mapped_column(info=PURGED)
    database_role: Mapped[str | None]
    """The login that sees this tenant's rows and no other's: policies go by it."""
    cpu_request: Mapped[str | None]
    cpu_limit: Mapped[str | None]
    memory_request: Mapped[str | None]
    memory_limit: Mapped[str | None]
    """Kubernetes quantities; null: the manifest builder's own."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class TroubleRow(Base):
    """What a person must mend for a tenant, since when, and in which words."""

    __tablename__ = "tenant_troubles"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    since: Mapped[datetime] = mapped_column(server_default=func.now())


class CredentialKeyRow(Base):
    """What is remembered of one credential: that it is there, never its value."""

    __tablename__ = "credential_keys"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime | None]
    """Null: it is being written for the first time."""
    fingerprint: Mapped[str] = mapped_column(server_default="")
    """By which two values are told apart; empty for one so short that it could be guessed."""
    changing_since: Mapped[datetime | None]
    """Set while the store is written. If it stays set, the writer died: write again."""
    sealed: Mapped[str | None]
    """The value sealed to the cluster's key, once; null where sealing is off."""
    certificate: Mapped[str | None]
    """SHA-256 of the certificate that `sealed` is for."""


class OffboardingRow(Base):
    """A tenant on its way out: what is done of it, and when to go on."""

    __tablename__ = "offboardings"
    __table_args__ = (
        CheckConstraint("override in ('pending', 'removed', 'left')", name="override"),
        Index("ix_offboardings_due_at", "due_at"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    status_before: Mapped[str]
    started_at: Mapped[datetime]
    purge_after: Mapped[datetime]
    override: Mapped[str] = mapped_column(server_default="pending")
    """Meta's callback override. `left`: the purge came before Meta agreed to remove it."""
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]
    due_at: Mapped[datetime]
    """When to look at it again; the worker that has it pushes it ahead."""
    purging_since: Mapped[datetime | None]
    """Since then there is no way back."""
    purged_at: Mapped[datetime | None]
    """Since then only the path is remembered, so that it can answer Meta's last deliveries."""
    left_behind: Mapped[str | None]
    """What a person must still take away."""


def was_purged() -> Exists:
    """Return the condition that of a tenant only its path is left, so that it is listed no more."""
    return exists().where(
        OffboardingRow.tenant_id == TenantRow.id, OffboardingRow.purged_at.is_not(None)
    )


class ManifestBlockRow(Base):
    """What `config.json` says of all tenants: where their manifests and their database are."""

    __tablename__ = "manifest_blocks"
    __table_args__ = (CheckConstraint("name in ('platform', 'argocd', 'database')", name="name"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]]
