"""Tenants for tests."""

from datetime import UTC, datetime
from typing import Any

from mcp_platform.tenants.tenant import Tenant, TenantId


def tenant(*, id_: int = 1, **changes: Any) -> Tenant:
    """Return the tenant `shop/production`, or another."""
    values: dict[str, Any] = {
        "client_name": "shop",
        "environment": "production",
        "status": "active",
        "topology": "shared",
        "business_name": "A shop",
        "language": "pt-BR",
        "time_zone": "America/Sao_Paulo",
        "phone_number_id": "100",
        "calendar_id": None,
        "owner_whatsapp": None,
        "model_enabled": True,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Tenant(id=TenantId(id_), **{**values, **changes})
