"""The sentences of all results, in Portuguese and English: one catalogue, by check and code.

It also says which state a code is. `{placeholders}` are filled from a result's details.
"""

from mcp_platform.doctor.results import CheckOutcome, CheckResult, Language, State
from mcp_platform.doctor.sentences import gemini, google, here, public, whatsapp
from mcp_platform.doctor.sentences.forms import EVERY, ResultSentence

__all__ = ["EVERY", "SENTENCES", "TITLES", "result", "sentence", "state"]

SENTENCES: dict[tuple[str, str], ResultSentence] = {
    **here.SENTENCES,
    **google.SENTENCES,
    **gemini.SENTENCES,
    **whatsapp.SENTENCES,
    **public.SENTENCES,
}
TITLES: dict[str, dict[Language, str]] = {
    **here.TITLES,
    **google.TITLES,
    **gemini.TITLES,
    **whatsapp.TITLES,
    **public.TITLES,
}
"""What a check is called, in the order in which checks are shown."""


def sentence(found: CheckOutcome) -> ResultSentence:
    """Return the sentence for what was found; codes that any check may have are shared."""
    shared = SENTENCES.get((EVERY, found.code))
    return shared or SENTENCES[found.check, found.code]


def state(found: CheckOutcome) -> State:
    """Return how good or bad it is."""
    return sentence(found).state


def result(found: CheckOutcome, *, language: Language) -> CheckResult:
    """Put what was found into words."""
    said = sentence(found)
    what, next_step = said.pt if language == "pt" else said.en
    details = dict(found.details)
    if "checks" in details:  # the checks that this one waits for, by their names
        names = (TITLES[name][language] for name in details["checks"].split(", "))
        details["checks"] = ", ".join(names)
    return CheckResult(
        check=found.check,
        state=said.state,
        code=found.code,
        what=what.format_map(details),
        next_step=next_step.format_map(details),
        details=found.details,
    )
