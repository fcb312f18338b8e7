"""How an isolated tenant's Deployment stands. Values alone; the cluster is asked elsewhere."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Pods that are wanted, that are of the present release and settings, and that serve."""

    wanted: int
    updated: int
    available: int
    complete: bool
    held_up_by: str | None = None
    """Why it stands still, in the cluster's words; None: it does not, as far as is known."""


@runtime_checkable
class Rollouts(Protocol):
    """What can look at the Deployments of isolated tenants."""

    async def rollout(self, *, client_name: str, environment: str) -> Rollout | None:
        """Return how the tenant's Deployment stands; None: there is none.

        Raises:
            CredentialsForbidden: this process may not look.
            CredentialsUnreadable: the cluster's API is away.
        """
