"""The models the simulator serves, and what each of them refuses.

Source: https://ai.google.dev/gemini-api/docs/models and .../deprecations.
"""

from dataclasses import dataclass
from typing import Any

_ALL_LEVELS = ("MINIMAL", "LOW", "MEDIUM", "HIGH")


@dataclass(frozen=True, slots=True)
class SimulatedModel:
    """A model: the thinking levels it takes, and the one that answers in its place."""

    name: str
    display_name: str
    levels: tuple[str, ...] = _ALL_LEVELS
    budget: bool = True
    served_by: str | None = None  # set for models that were shut down and rerouted
    only_beta: bool = False
    methods: tuple[str, ...] = ("generateContent", "countTokens")

    @property
    def version_name(self) -> str:
        """The name that `modelVersion` shows."""
        return self.served_by or self.name

    @property
    def signs_thoughts(self) -> bool:
        """Whether function calls must come back with their signature (Gemini 3 and later)."""
        return not self.version_name.startswith("gemini-2")

    def described(self) -> dict[str, Any]:
        """Return what `GET /v1/models/{name}` answers."""
        return {
            "name": f"models/{self.name}",
            "version": self.name.removeprefix("gemini-"),
            "displayName": self.display_name,
            "inputTokenLimit": 1_048_576,
            "outputTokenLimit": 65_536,
            "supportedGenerationMethods": list(self.methods),
            "thinking": True,
        }


MODELS = {
    model.name: model
    for model in (
        SimulatedModel(
            "gemini-4-argon", "Gemini 4 Argon", levels=("LOW", "MEDIUM", "HIGH"), budget=False
        ),
        SimulatedModel("gemini-3.8-flash", "Gemini 3.8 Flash", levels=("LOW", "MEDIUM", "HIGH")),
        SimulatedModel("gemini-3.7-flash", "Gemini 3.7 Flash"),
        SimulatedModel("gemini-3.6-flash", "Gemini 3.6 Flash"),
        SimulatedModel("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite"),
        SimulatedModel("gemini-3.5-flash", "Gemini 3.5 Flash"),
        SimulatedModel("gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite"),
        SimulatedModel("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview"),
        # Shut down on 1 December 2026; requests go on to a newer model, which modelVersion shows.
        SimulatedModel("gemini-2.5-pro", "Gemini 2.5 Pro", served_by="gemini-3.8-flash"),
        SimulatedModel("gemini-2.5-flash", "Gemini 2.5 Flash", served_by="gemini-3.5-flash-lite"),
        SimulatedModel("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite"),
        SimulatedModel("gemini-embedding-001", "Gemini Embedding 001", methods=("embedContent",)),
        SimulatedModel(
            "gemini-flash-latest",
            "Gemini Flash Latest",
            levels=("LOW", "MEDIUM", "HIGH"),
            served_by="gemini-3.8-flash",
            only_beta=True,
        ),
    )
}


def served(*, version: str) -> list[SimulatedModel]:
    """Return the models of an API version; aliases exist on v1beta alone."""
    return [model for model in MODELS.values() if version == "v1beta" or not model.only_beta]
