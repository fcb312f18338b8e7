"""Reads amounts of processor and memory as Kubernetes writes them; refuses requests above limits."""

import math
from dataclasses import dataclass

from cdk8s_app.manifest import Manifest, WrongSpec

_MEMORY = {
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
    "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
}  # fmt: skip

# The scratch folder (64Mi), and the logs of a container, of which a node keeps 50 MiB.
# Source: Kubernetes, kubelet's containerLogMaxSize and containerLogMaxFiles.
SCRATCH = "192Mi"


def millicores(cpu: str) -> int:
    """Return thousandths of a core: `500m` and `0.5` are 500."""
    return int(cpu[:-1]) if cpu.endswith("m") else math.ceil(float(cpu) * 1000)


def in_bytes(memory: str) -> int:
    """Return bytes: `1Mi` is 1048576."""
    for unit, factor in _MEMORY.items():
        if memory.endswith(unit):
            return int(memory.removesuffix(unit)) * factor
    return int(memory)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Requests and limits of one container. Every container of ours has all four."""

    cpu_request: str
    cpu_limit: str
    memory_request: str
    memory_limit: str
    scratch: str | None = SCRATCH
    """Of the node's disk. None: no limit."""

    def __post_init__(self) -> None:
        if millicores(self.cpu_request) > millicores(self.cpu_limit):
            raise WrongSpec(
                f"resources: requests.cpu {self.cpu_request} is more than limits.cpu {self.cpu_limit}"
            )
        if in_bytes(self.memory_request) > in_bytes(self.memory_limit):
            raise WrongSpec(
                f"resources: requests.memory {self.memory_request} is more than limits.memory"
                f" {self.memory_limit}"
            )

    def container(self) -> Manifest:
        """Return `resources` of a container."""
        disk = {} if self.scratch is None else {"ephemeral-storage": self.scratch}
        return {
            "requests": {"cpu": self.cpu_request, "memory": self.memory_request, **disk},
            "limits": {"cpu": self.cpu_limit, "memory": self.memory_limit, **disk},
        }
