"""Rows of clients and tenants."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base


class ClientRow(Base):
    __tablename__ = "clients"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z0-9]([-a-z0-9]{1,38})[a-z0-9]$'", name="name_is_dns_label"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    business_name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TenantRow(Base):
    __tablename__ = "tenants"
    __table_args__ = (
        UniqueConstraint("client_name", "environment"),
        # Two environments must not answer on one number.
        UniqueConstraint("phone_number_id"),
        CheckConstraint(
            "environment in ('development', 'staging', 'production')", name="environment"
        ),
        CheckConstraint("status in ('active', 'suspended', 'offboarded')", name="status"),
        CheckConstraint(
            "slot_step_minutes > 0 and minimum_notice_minutes >= 0 and horizon_days >= 0",
            name="booking_rules",
        ),
        CheckConstraint("topology in ('shared', 'isolated')", name="topology"),
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
    address: Mapped[str | None]
    phone: Mapped[str | None]
    notes: Mapped[str | None]
    owner_whatsapp: Mapped[str | None]
    """Where notices to the owner go: digits of an international number, no `+`."""
    model_enabled: Mapped[bool] = mapped_column(server_default="true")
    phone_number_id: Mapped[str | None]
    waba_id: Mapped[str | None]
    calendar_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class TroubleRow(Base):
    """A vendor refuses a tenant's credential, since when, and in which words."""

    __tablename__ = "tenant_troubles"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    since: Mapped[datetime] = mapped_column(server_default=func.now())
