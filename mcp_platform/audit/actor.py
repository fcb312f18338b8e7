"""Who acts on the platform: a user, a command on the machine, or the platform itself."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

Role = Literal["admin", "operator", "viewer", "staff"]
"""`admin` may do everything, `operator` everything but users, `viewer` reads, `staff` works in one
tenant's agenda and conversations."""
ROLES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A user, a command or a system that does something which the audit trail remembers.

    `subject` is a user's e-mail address, a command's account on its machine, or a part's name;
    `tenant` is `<client>/<environment>` for staff; `address` is where a request came from.
    """

    kind: Literal["user", "command", "system"]
    subject: str
    role: Role
    tenant: str | None = None
    address: str | None = None


def system(part: str) -> Actor:
    """Return the actor of what the platform does by itself, on nobody's behalf."""
    return Actor(kind="system", subject=part, role="admin")
