"""Checks of the Gemini key and of the configured model: one question, which costs no tokens."""

from mcp_platform.assistant.model import ModelRefused, QuotaSpent
from mcp_platform.doctor.case import Chart
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.doctor.retirements import RETIRES, SOON, SOURCE


async def key(chart: Chart) -> CheckOutcome:
    """Use the key to ask about the model; a model that is unknown is not the key's fault."""
    cards = chart.doors.gemini
    if cards is None or not chart.case.tenant.model_enabled:
        return CheckOutcome("gemini.key", "switched_off")
    if not chart.case.secrets.gemini_api_key:
        return CheckOutcome("gemini.key", "missing")
    try:
        await chart.model(cards)
    except ModelRefused as refused:
        match refused.why:
            case "key":
                return CheckOutcome("gemini.key", "refused")
            case "project":
                return CheckOutcome("gemini.key", "project")
            case "quota":
                return CheckOutcome("gemini.key", "no_quota", {"model": cards.model})
            case "model":
                return CheckOutcome("gemini.key", "accepted")
    except QuotaSpent:
        return CheckOutcome("gemini.key", "quota_spent")
    return CheckOutcome("gemini.key", "accepted")


async def model(chart: Chart) -> CheckOutcome:
    """Look whether the model exists, answers, and for how long."""
    cards = chart.doors.gemini
    if cards is None or not chart.case.tenant.model_enabled:
        return CheckOutcome("gemini.model", "switched_off")
    name = cards.model.removeprefix("models/")
    details = {"model": name}
    retires = RETIRES.get(name)
    if retires is not None:
        left = retires - chart.now.date()
        details |= {"date": retires.isoformat(), "days": str(left.days), "source": SOURCE}
        if left.days <= 0:
            return CheckOutcome("gemini.model", "retired", details)
    try:
        card = await chart.model(cards)
    except ModelRefused:  # of the model's name: a refused key would have held this check up
        return CheckOutcome("gemini.model", "absent", details)
    except QuotaSpent:  # what to do about it is said once
        return CheckOutcome("gemini.model", "because", {"checks": "gemini.key"})
    if not card.answers:
        return CheckOutcome("gemini.model", "cannot_answer", details)
    if retires is not None and retires - chart.now.date() <= SOON:
        return CheckOutcome("gemini.model", "retires_soon", details)
    return CheckOutcome("gemini.model", "served", details)
