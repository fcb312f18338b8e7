"""What is said of today's opening hours, by the hour at which they are asked for."""

from datetime import datetime

import pytest

from mcp_platform.assistant.speaking.facts import About, Facts
from tests import factories
from tests.factories import ZONE


@pytest.mark.parametrize(
    ("hour", "reason"), [(2, None), (9, None), (17, None), (18, "over"), (23, "over")]
)
def test_hours_of_today_are_said_until_they_are_over(hour: int, reason: str | None) -> None:
    facts = Facts(
        tenant=factories.tenant(),
        catalogue=factories.catalogue(),  # from 8 to 18 on every day
        language="pt-BR",
        now=datetime(2026, 11, 30, hour, tzinfo=ZONE),
        card={},
        contact_name=None,
    )

    assert facts.reason("hours_today", About()) == reason
