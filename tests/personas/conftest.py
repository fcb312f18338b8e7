"""The worlds of the flows, for models one hopes not to get."""

import pytest

from tests.flows.conftest import alone, here, service, simulators

__all__ = ["LANGUAGES", "alone", "here", "service", "simulators"]

LANGUAGES = ["pt", *(pytest.param(each, marks=pytest.mark.full) for each in ("en", "es"))]
