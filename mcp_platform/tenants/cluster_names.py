"""What a tenant is called in a cluster, and what its objects bear. Pure values.

The manifests (`cdk8s_app`) say the same; a test compares them.
"""

from collections.abc import Mapping

PLATFORM = "mcp-platform"
DEPLOYMENT = "assistant"
"""What serves an isolated tenant, in its namespace."""
PART_OF = "app.kubernetes.io/part-of"
POD_SECURITY: Mapping[str, str] = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/audit": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}


def namespace_of(*, client_name: str, environment: str) -> str:
    return f"{client_name}-{environment}"


def secret_of(*, client_name: str) -> str:
    return f"{client_name}-credentials"


def labels_of(*, client_name: str, environment: str) -> dict[str, str]:
    """Return the labels of what the platform itself makes for a tenant."""
    return {
        PART_OF: PLATFORM,
        "app.kubernetes.io/managed-by": PLATFORM,
        f"{PLATFORM}/client": client_name,
        f"{PLATFORM}/environment": environment,
    }
