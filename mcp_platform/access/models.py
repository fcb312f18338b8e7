"""Rows of users, of their sign-ins, and of the audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base, Versioned


class UserRow(Versioned, Base):
    """`temporary` is a password somebody else knows: it lets in only to be changed."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        CheckConstraint("role in ('admin', 'operator', 'viewer', 'staff')", name="role"),
        CheckConstraint("(role = 'staff') = (tenant_id is not null)", name="staff_has_a_tenant"),
        Index("ix_users_tenant_id", "tenant_id", postgresql_where=text("tenant_id is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    disabled: Mapped[bool] = mapped_column(server_default="false")
    password_hash: Mapped[str]
    temporary: Mapped[bool] = mapped_column(server_default="false")
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed: Mapped[bool] = mapped_column(server_default="false")
    totp_last_step: Mapped[int] = mapped_column(server_default="0")
    recovery_digests: Mapped[list[bytes]] = mapped_column(
        ARRAY(LargeBinary), server_default="{}", default=list
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SignInRow(Base):
    """One sign-in: the family of all tokens that descend from one proof of a password.

    With `cookie_digest` it is a browser's: no token descends from it, and `seen_at` is when it was
    last there. `awaits_code`: of two proofs the first was given, which admits nobody. `proved_at`:
    when the user last proved who they are again; null: at the start.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (Index(None, "user_id"), Index(None, "expires_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    cookie_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    awaits_code: Mapped[bool] = mapped_column(server_default="false")
    seen_at: Mapped[datetime | None]
    agent: Mapped[str | None]
    address: Mapped[str | None]
    proved_at: Mapped[datetime | None]


class RefreshTokenRow(Base):
    """A refresh token, known by its digest alone; spent ones stay, to be recognised."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index(None, "sign_in_id"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    sign_in_id: Mapped[UUID] = mapped_column(ForeignKey("sign_ins.id", ondelete="CASCADE"))
    spent_at: Mapped[datetime | None]


class ThrottleRow(Base):
    """How far the attempts are ahead of their allowance: `free_at` minus the burst."""

    __tablename__ = "sign_in_throttles"
    __table_args__ = (Index(None, "free_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]


class IdempotencyRow(Base):
    """What a request was answered, to be said again when it is sent again."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"),)

    actor: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
