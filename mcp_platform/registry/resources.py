"""CPU and memory of an isolated tenant's pods: Kubernetes quantities, requests within limits.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/, of which
the forms that people write are taken.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from mcp_platform.errors import Invalid
from mcp_platform.kit.forms import ChangeForm

Cpu = Annotated[
    str,
    Field(
        pattern=r"^(0*[1-9][0-9]{0,8}m|0*[1-9][0-9]{0,5}(\.[0-9]{1,3})?|0\.[0-9]{0,2}[1-9])$",
        max_length=16,
        description="Cores or thousandths: `0.5`, `500m`.",
    ),
]
Memory = Annotated[
    str,
    Field(
        pattern=r"^[1-9][0-9]{0,15}(Ki|Mi|Gi|Ti|k|M|G|T)?$",
        description="Bytes: `256Mi`, `1Gi`.",
    ),
]
COLUMNS = ("cpu_request", "cpu_limit", "memory_request", "memory_limit")


class Amounts(ChangeForm):
    """Null: the manifest builder's own."""

    cpu: Cpu | None = None
    memory: Memory | None = None


class Resources(ChangeForm):
    requests: Amounts = Amounts()
    limits: Amounts = Amounts()

    def columns(self) -> dict[str, str | None]:
        """Return what is said, by the columns that keep it."""
        said = self.model_dump(exclude_unset=True)
        return {
            f"{what}_{edge}": amount
            for edge, name in (("request", "requests"), ("limit", "limits"))
            for what, amount in said.get(name, {}).items()
        }


def shown(row: Any) -> Resources:
    """Return the resources that `row` keeps."""
    return Resources(
        requests=Amounts(cpu=row.cpu_request, memory=row.memory_request),
        limits=Amounts(cpu=row.cpu_limit, memory=row.memory_limit),
    )


def check_resources(columns: Mapping[str, str | None]) -> None:
    """Check that no request is above its limit.

    Raises:
        Invalid: one is; `fields` names it.
    """
    fields = {
        f"resources.requests.{what}": f"is above the limit, {limit}"
        for what in ("cpu", "memory")
        if (request := columns.get(f"{what}_request")) is not None
        and (limit := columns.get(f"{what}_limit")) is not None
        and _above(request, limit)
    }
    if fields:
        raise Invalid("A request must not be above its limit.", fields=fields)


def _above(request: str, limit: str) -> bool:
    from lightkube.utils.quantity import parse_quantity  # noqa: PLC0415  # 0.2 s to import

    asked, allowed = parse_quantity(request), parse_quantity(limit)
    return asked is not None and allowed is not None and asked > allowed
