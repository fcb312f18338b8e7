"""Stands between the assistant and the model: counts what is asked, and keeps what was refused."""

from dataclasses import dataclass, field

from mcp_platform.assistant.metrics import MODEL_TOKENS
from mcp_platform.assistant.model import Answer, Model, ModelAway, ModelRefused, Question
from mcp_platform.tenants.credentials import Credentials
from mcp_platform.tenants.tenant import Tenant

KINDS = ("prompt", "candidates", "thoughts", "cached")


def tokens_of_process() -> dict[str, int]:
    """Return what this process has used since it began."""
    counted = {
        sample.labels["kind"]: int(sample.value)
        for metric in MODEL_TOKENS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }
    return {kind: counted.get(kind, 0) for kind in KINDS}


@dataclass(slots=True)
class WatchedModel(Model):
    """Asks another model. `failure` is the last time that it gave no answer; who reads it forgets it."""

    inner: Model
    asked: int = 0
    failure: ModelAway | ModelRefused | None = None
    _at_first: dict[str, int] = field(default_factory=tokens_of_process)

    async def ask(self, question: Question, *, tenant: Tenant, credentials: Credentials) -> Answer:
        self.asked += 1
        try:
            return await self.inner.ask(question, tenant=tenant, credentials=credentials)
        except (ModelAway, ModelRefused) as error:
            self.failure = error
            raise

    @property
    def tokens(self) -> dict[str, int]:
        """The tokens used so far, as the vendor counts them; `cached` are a part of `prompt`."""
        return {kind: count - self._at_first[kind] for kind, count in tokens_of_process().items()}
