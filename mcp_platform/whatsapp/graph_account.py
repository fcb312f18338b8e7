"""The door to what Graph knows of a number, a token and an account.

`client.py` sends. A token goes in a header or, where Graph wants it in the query, into an address
that nobody logs.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NoReturn

import httpx

from mcp_platform.kit.jsons import loads
from mcp_platform.whatsapp.account import (
    AccountAway,
    AccountRefused,
    NumberState,
    TemplateState,
    TokenState,
    WhatsAppAccount,
)
from mcp_platform.whatsapp.graph_errors import Action, rule_of

_NUMBER_FIELDS = (
    "id,display_phone_number,platform_type,status,quality_rating,name_status,throughput,"
    "health_status,webhook_configuration"
)
_TEMPLATE_FIELDS = "name,language,status,category,rejected_reason,components"
_VARIABLE = re.compile(r"\{\{\s*[a-z0-9_]+\s*\}\}")
_LIMITS = frozenset({4, 17, 32, 613, 80007, 80008})  # Source: Meta, "Rate limits": app, user, WABA
_AWAY = frozenset({Action.RETRY, Action.RETRY_FEW, Action.WAIT})
_PAGE = 100  # templates and numbers asked for at once; an account has 250 templates by default
_MOST_PAGES = 5


class GraphAccount(WhatsAppAccount):
    """Graph, asked with each tenant's own token over one shared client."""

    def __init__(self, *, http: httpx.AsyncClient, base_url: str, version: str) -> None:
        self._http = http
        self._root = f"{base_url.rstrip('/')}/{version}"

    async def prove_secret(self, *, token: str, number_id: str, app_secret: str) -> None:
        proof = hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        await self._ask("GET", number_id, token, params={"fields": "id", "appsecret_proof": proof})

    async def number(self, *, token: str, number_id: str) -> NumberState:
        node = await self._ask("GET", number_id, token, params={"fields": _NUMBER_FIELDS})
        callbacks = _mapping(node.get("webhook_configuration"))
        return NumberState(
            display_number=_text(node.get("display_phone_number")),
            platform=_text(node.get("platform_type")),
            status=_text(node.get("status")),
            quality=_text(node.get("quality_rating")),
            name_status=_text(node.get("name_status")),
            throughput=_text(_mapping(node.get("throughput")).get("level")),
            can_send=_text(_mapping(node.get("health_status")).get("can_send_message")),
            callbacks={level: _text(url) for level, url in callbacks.items()},
        )

    async def token(self, *, token: str, app_id: str, app_secret: str) -> TokenState:
        # In a header, the app's own token stays out of the address.
        answer = await self._ask(
            "GET", "debug_token", f"{app_id}|{app_secret}", params={"input_token": token}
        )
        data = _mapping(answer.get("data"))
        expires = data.get("expires_at")
        return TokenState(
            valid=data.get("is_valid") is True,
            app_id=_text(data.get("app_id")),
            kind=_text(data.get("type")),
            expires_at=datetime.fromtimestamp(expires, UTC)
            if isinstance(expires, int) and expires > 0
            else None,
            scopes=frozenset(map(str, _list(data.get("scopes")))),
            targets={
                _text(each.get("scope")): frozenset(map(str, _list(each["target_ids"])))
                for each in map(_mapping, _list(data.get("granular_scopes")))
                if "target_ids" in each
            },
        )

    async def number_ids(self, *, token: str, account_id: str) -> frozenset[str]:
        found = await self._pages(f"{account_id}/phone_numbers", token, {"fields": "id"})
        return frozenset(_text(each.get("id")) for each in found)

    async def subscribed_apps(self, *, token: str, account_id: str) -> frozenset[str]:
        found = await self._pages(f"{account_id}/subscribed_apps", token, {})
        apps = (_mapping(each.get("whatsapp_business_api_data")) for each in found)
        return frozenset(_text(app.get("id")) for app in apps)

    async def subscribe(self, *, token: str, account_id: str) -> None:
        await self._ask("POST", f"{account_id}/subscribed_apps", token)

    async def override(self, *, token: str, number_id: str, url: str, verify_token: str) -> None:
        wanted = {"override_callback_uri": url, "verify_token": verify_token}
        await self._ask("POST", number_id, token, body={"webhook_configuration": wanted})

    async def templates(self, *, token: str, account_id: str, name: str) -> list[TemplateState]:
        found = await self.templates_like(token=token, account_id=account_id, part=name)
        return [each for each in found if each.name == name]

    async def templates_like(
        self, *, token: str, account_id: str, part: str
    ) -> list[TemplateState]:
        # Graph finds what merely contains the name.
        wanted = {"name": part, "fields": _TEMPLATE_FIELDS}
        return list(
            map(_template, await self._pages(f"{account_id}/message_templates", token, wanted))
        )

    async def create_template(
        self, *, token: str, account_id: str, definition: Mapping[str, Any]
    ) -> TemplateState:
        path = f"{account_id}/message_templates"
        answer = await self._ask("POST", path, token, body=definition)
        return _template({**definition, **answer})

    async def _pages(
        self, path: str, token: str, params: Mapping[str, str]
    ) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        after: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            page = await self._ask(
                "GET", path, token, params={**params, "limit": str(_PAGE), **after}
            )
            found += map(_mapping, _list(page.get("data")))
            paging = _mapping(page.get("paging"))
            if not paging.get("next"):
                break
            after = {"after": _text(_mapping(paging.get("cursors")).get("after"))}
        return found

    async def _ask(
        self,
        method: str,
        path: str,
        token: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        if not (token.isascii() and token.isprintable() and token.strip() == token != ""):
            raise AccountRefused(code=190, subcode=None, about_proof=False)  # as Graph would
        try:
            response = await self._http.request(
                method,
                f"{self._root}/{path}",
                params=dict(params or {}),
                json=body,
                headers={"Authorization": f"Bearer {token}"},
            )
        except httpx.HTTPError as error:
            # Not chained: its request holds an address with a token.
            raise AccountAway(f"Graph: {type(error).__name__}") from None
        try:
            answer = loads(response.content)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise AccountAway(f"Graph: HTTP {response.status_code}")
        if response.status_code != HTTPStatus.OK:
            _refuse(answer, status=response.status_code)
        return answer


def _refuse(answer: Mapping[str, Any], *, status: int) -> NoReturn:
    error = _mapping(answer.get("error"))
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    if code in _LIMITS:
        raise AccountAway(f"Graph: {code}", limited=True)
    about_proof = "appsecret_proof" in _text(error.get("message"))
    # For sending, code 1 is Meta's own fault; `debug_token` says it of a wrong app secret.
    refused_secret = code == 1 and status < HTTPStatus.INTERNAL_SERVER_ERROR
    rule = rule_of(code=code, subcode=subcode, http_status=status)
    if rule.action in _AWAY and not refused_secret:
        raise AccountAway(f"Graph: {code or f'HTTP {status}'}")
    raise AccountRefused(code=code, subcode=subcode, about_proof=about_proof)


def _template(node: Mapping[str, Any]) -> TemplateState:
    components = list(map(_mapping, _list(node.get("components"))))
    body = next((_text(each.get("text")) for each in components if each.get("type") == "BODY"), "")
    buttons = (_list(each.get("buttons")) for each in components if each.get("type") == "BUTTONS")
    reason = _text(node.get("rejected_reason"))
    return TemplateState(
        name=_text(node.get("name")),
        # Webhooks and some pages write `pt-BR`, the list `pt_BR`.
        language=_text(node.get("language")).replace("-", "_"),
        status=_text(node.get("status")),
        variables=_variables(node),
        category=_text(node.get("category")),
        reason="" if reason == "NONE" else reason,
        body=body,
        buttons=tuple(_text(_mapping(each).get("text")) for each in next(buttons, [])),
    )


def _variables(template: Mapping[str, Any]) -> int | None:
    components = map(_mapping, _list(template.get("components")))
    bodies = [_text(each.get("text")) for each in components if each.get("type") == "BODY"]
    return len(set(_VARIABLE.findall(bodies[0]))) if bodies else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
