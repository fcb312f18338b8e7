"""Message templates of the simulated Meta: asked for, reviewed, paused, sent.

Ids are strings to whoever asks and numbers in webhooks; languages `pt_BR` here and `pt-BR` there, as
with Meta.
"""

import asyncio
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from mcp_platform.simulators.meta import webhooks
from mcp_platform.simulators.meta.errors import GraphError
from mcp_platform.simulators.meta.state import MetaState, Number

_NAMED = re.compile(r"\{\{\s*([a-z0-9_]+)\s*\}\}")
_NO_PARAMETER = re.compile(r"[\n\r\t]| {5}")  # what a variable may not hold
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LONGEST_BODY = 1024
_LONGEST_LABEL = 25
_MOST_BUTTONS = 10
_UTILITY_TTL_S = (30, 43_200)
# What a template that may not be sent is refused with.
_REFUSALS = {"PAUSED": 132015, "DISABLED": 132016}


class Templates:
    """The templates of all accounts, and what apps are told of them."""

    def __init__(
        self,
        state: MetaState,
        deliverer: webhooks.Deliverer,
        *,
        now: Callable[[], float],
        review: Callable[[], tuple[str, float]],
    ) -> None:
        """`review` tells what becomes of a new template, and after how many seconds."""
        self._state = state
        self._deliverer = deliverer
        self._now = now
        self._review = review

    def create(self, number: Number, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Take a template for review; return what Graph answers.

        Raises:
            GraphError: it can't be reviewed.
        """
        template = _checked(wanted)
        templates = self._state.waba(number.waba_id).templates
        if any(_named(each) == _named(template) for each in templates):
            raise _refused(2388024, "Content in this language already exists")
        template |= {"id": str(secrets.randbelow(9 * 10**14) + 10**14), "status": "PENDING"}
        templates.append(template)
        self._deliverer.spawn(
            self._reviewed(number, template), phone_number_id=number.phone_number_id
        )
        return {key: template[key] for key in ("id", "status", "category")}

    async def _reviewed(self, number: Number, template: dict[str, Any]) -> None:
        verdict, after_s = self._review()
        if verdict == "wait":
            return
        await asyncio.sleep(after_s)
        if verdict == "reject":
            template |= {"status": "REJECTED", "rejected_reason": "INCORRECT_CATEGORY"}
        else:
            template |= {"status": "APPROVED"}
            if verdict == "marketing":
                template |= {"category": "MARKETING"}
        await self._tell(number, template)

    async def change(
        self,
        *,
        waba_id: str,
        name: str,
        language: str,
        status: str | None = None,
        category: str | None = None,
        reason: str | None = None,
    ) -> dict[str, Any]:
        """Change a template as Meta does, and tell the app; a category without being asked.

        Raises:
            KeyError: there is no such template, or no number of this account.
        """
        templates = self._state.waba(waba_id).templates
        wanted = (name, language.replace("-", "_"))
        template = next((each for each in templates if _named(each) == wanted), None)
        if template is None:
            raise KeyError(f"no template {name} in {language}")
        numbers = [each for each in self._state.numbers.values() if each.waba_id == waba_id]
        if reason is not None:
            template["rejected_reason"] = reason
        if category is not None:
            before, template["category"] = template["category"], category
            value = {**_about(template), "previous_category": before, "new_category": category}
            await self._post(numbers[0], "template_category_update", value)
        if status is not None:
            template["status"] = status
            await self._tell(numbers[0], template)
        return template

    async def _tell(self, number: Number, template: Mapping[str, Any]) -> None:
        value = {
            "event": template["status"],
            **_about(template),
            "message_template_category": template["category"],
            "reason": template.get("rejected_reason", "NONE"),
        }
        await self._post(number, "message_template_status_update", value)

    async def _post(self, number: Number, field: str, value: Mapping[str, Any]) -> None:
        """Post to the app's own callback, whatever overrides there are."""
        url = self._state.app_callbacks.get(number.app_id)
        if url is None:
            return
        change = {"field": field, "value": value}
        entry = {"id": number.waba_id, "time": int(self._now()), "changes": [change]}
        body = webhooks.encode({"object": "whatsapp_business_account", "entry": [entry]})
        headers = webhooks.signature_headers(body, app_secret=number.app_secret)
        await self._deliverer.post(url, body, headers, phone_number_id=number.phone_number_id)

    def find(self, waba_id: str, message: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the template that a message is to be sent in, if it is known."""
        wanted = (message["name"], message["language"]["code"])
        templates = self._state.waba(waba_id).templates
        return next((each for each in templates if _named(each) == wanted), None)

    def check_message(self, waba_id: str, message: Mapping[str, Any]) -> None:
        """Check a message that is to be sent in a template.

        Raises:
            GraphError: there is no such template, it may not be sent, or its variables differ.
        """
        components = message.get("components", [])
        given = [p for c in components if c["type"] == "body" for p in c.get("parameters", [])]
        texts = [str(p.get("text", "")) for c in components for p in c.get("parameters", [])]
        if any(_NO_PARAMETER.search(text) for text in texts):
            details = (
                "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
            )
            raise GraphError(132018, details=details)
        template = self.find(waba_id, message)
        code = message["language"]["code"]
        if template is None:
            if all("id" in each for each in self._state.waba(waba_id).templates):
                return  # where nobody registered one by the control API, any other passes
            details = f"template name ({message['name']}) does not exist in {code}"
            raise GraphError(132001, details=details)
        if template["status"] != "APPROVED":
            details = f"template name ({message['name']}) is {template['status']} in {code}"
            raise GraphError(_REFUSALS.get(template["status"], 132001), details=details)
        names = _variables(template)
        expected = len(names) if names else template.get("body_parameters", len(given))
        differ = names and {each.get("parameter_name") for each in given} != set(names)
        if len(given) != expected or differ:
            raise GraphError(132000, details=f"body: number of localizable_params ({len(given)})")


def _checked(wanted: Mapping[str, Any]) -> dict[str, Any]:
    for key in ("name", "language", "category", "components"):
        if key not in wanted:
            raise GraphError(100, message=f"(#100) The parameter {key} is required.")
    if _NAME.fullmatch(str(wanted["name"])) is None:
        raise GraphError(100, message="(#100) Invalid parameter: name")
    ttl = wanted.get("message_send_ttl_seconds")
    if ttl is not None and not _UTILITY_TTL_S[0] <= int(ttl) <= _UTILITY_TTL_S[1]:
        raise GraphError(100, message="(#100) Param message_send_ttl_seconds is out of range.")
    for component in wanted["components"]:
        if component["type"] == "BODY":
            _check_body(component)
        if component["type"] == "BUTTONS":
            labels = [each["text"] for each in component["buttons"]]
            if len(labels) > _MOST_BUTTONS or any(len(each) > _LONGEST_LABEL for each in labels):
                raise _refused(2388040, "The field Button exceeds the character limit")
    return dict(wanted)


def _check_body(component: Mapping[str, Any]) -> None:
    text = str(component["text"])
    names = _NAMED.findall(text)
    examples = component.get("example", {}).get("body_text_named_params", [])
    if len(text) > _LONGEST_BODY:
        raise _refused(2388040, "The field Body exceeds the character limit")
    if text.startswith("{{") or text.rstrip(" .,!?").endswith("}}"):
        raise _refused(2388299, "Variables can't be at the start or end of the template")
    if re.search(r"\}\}\s*\{\{", text):
        raise _refused(2388073, "Variables can't be next to each other")
    if {each["param_name"] for each in examples} != set(names):
        raise _refused(2388043, "Component of type BODY is missing expected field(s) (example)")


def _refused(subcode: int, message: str) -> GraphError:
    return GraphError(100, message=f"(#100) {message}", subcode=subcode)


def _named(template: Mapping[str, Any]) -> tuple[str, str]:
    return template["name"], template["language"].replace("-", "_")


def _about(template: Mapping[str, Any]) -> dict[str, Any]:
    identity = template.get("id", "0")
    return {
        "message_template_id": int(identity),
        "message_template_name": template["name"],
        "message_template_language": template["language"].replace("_", "-"),
    }


def _variables(template: Mapping[str, Any]) -> list[str]:
    bodies = [c for c in template.get("components", ()) if c["type"] == "BODY"]
    found = _NAMED.findall(bodies[0]["text"]) if bodies else []
    return [each for each in dict.fromkeys(found) if not each.isdigit()]
