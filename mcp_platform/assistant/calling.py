"""Does what the model asks for: validates a call, bounds their number, and counts them."""

from dataclasses import replace

from pydantic import ValidationError

from mcp_platform.assistant.metrics import TOOL_CALLS
from mcp_platform.assistant.model import FunctionCall
from mcp_platform.assistant.outcomes import DaysDiffer, Done, Refused, ToCancel, ToChoose
from mcp_platform.assistant.toolbox import Toolbox
from mcp_platform.assistant.tools import TOOLS
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.scheduling.outcome import Proposed, SlotsFound

# Five rounds of one or two calls are the longest seen to help a customer.
MOST_CALLS = 12


class ToolCalls:
    """The calls of one turn."""

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox
        self._made = 0

    async def perform(self, step: str, call: FunctionCall, *, language: str) -> Done:
        """Do what the model asks, or say why not. Never raises for what the model sent."""
        self._made += 1
        if self._made > MOST_CALLS:  # the same on every start: nothing need be written down
            return Done(Refused("too_many", "Enough was called in this turn."))
        done = self._toolbox.recorded(step)
        if done is None:
            done = await self._perform(step, call, language=language)
            failpoint("turn.after_tool")
        match done.outcome:
            case Proposed():
                self._toolbox.proposes(done.outcome)
            case ToCancel(one, also):
                self._toolbox.cancelling += [one, *also]
            case SlotsFound(status="ok", slots=slots):
                for service in {slot.service_id for slot in slots if not slot.then}:
                    theirs = tuple(slot for slot in slots if slot.service_id == service)
                    self._toolbox.searched[service] = replace(done.outcome, slots=theirs)
            case DaysDiffer():
                self._toolbox.asked_which_day = True
            case ToChoose():
                self._toolbox.asked_which_one = True
        known = call.name if call.name in TOOLS else "unknown"
        TOOL_CALLS.labels(tool=known, outcome=type(done.outcome).__name__).inc()
        return done

    async def _perform(self, step: str, call: FunctionCall, *, language: str) -> Done:
        if call.name not in TOOLS:
            refused = Refused("unknown_function", "There is no such function.")
            return await self._toolbox.note(step, refused)
        tool = TOOLS[call.name]
        try:
            arguments = tool.arguments.model_validate(call.args)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            refused = Refused("bad_arguments", f"{where}: {first['msg']}")
            return await self._toolbox.note(step, refused)
        return await tool.run(self._toolbox, step, arguments, language)
