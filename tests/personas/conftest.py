"""The worlds of the flows, for models one hopes not to get."""

from tests.flows.conftest import alone, here, service, simulators

__all__ = ["alone", "here", "service", "simulators"]
