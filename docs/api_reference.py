"""Write docs/api.md from the application's own OpenAPI document.

`python docs/api_reference.py` writes; the tests compare. What FastAPI does not see (the webhook,
the internal port) is told in the words below.
"""  # noqa: INP001  # a script of its own, not a package

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from mcp_platform.access.tenant_tokens import STAFF_SCOPES
from mcp_platform.access.user_tokens import ACCESS_LASTS, BELIEVED_FOR
from mcp_platform.app import create_api
from mcp_platform.kit.reference import Block, Example, Heading, Paragraph, Table, blocks
from mcp_platform.tenants.access import SCOPES

HERE = Path(__file__).parent
TARGET = HERE / "api.md"
PREFIX = "/{client_name}/{environment}"

INTRODUCTION = f"""\
# HTTP API

*Written by `docs/api_reference.py` from the application's OpenAPI document, which a running gateway
serves at `/openapi.json`, and as a page at `/docs` (`API_DOCS=false`: neither). Change the code, then run `.venv/bin/python docs/api_reference.py`.*

## Conventions

- A tenant's paths begin with `/<client>/<environment>`. A process that is pinned to one tenant
  (`CLIENT_NAME`, `ENVIRONMENT`) also answers without that prefix, at `/api/v1/…`.
- The tenant API takes a bearer token, an ES256 JWT made for one tenant:
  `mcp-platform tenants token <client>/<environment> --scope chat`. Scopes:
  {", ".join(f"`{scope}`" for scope in SCOPES)}. Another tenant's token is answered 404, as a path
  that does not exist.
- The platform's own API, `/api/v1/admin`, takes the access token of a signed-in user, from
  `POST /api/v1/auth/token`. It is good for {ACCESS_LASTS.total_seconds() / 60:.0f} minutes and followed by another one from
  `/refresh`; a client sends one refresh at a time. The first user is made by
  `mcp-platform users create <e-mail>`. Roles: `admin` may do everything, `operator` everything but
  users, `viewer` reads (phone numbers masked), `staff` has the scopes {", ".join(f"`{scope}`" for scope in sorted(STAFF_SCOPES))}
  in the API of one tenant, with the same access token, and works in its appointments and conversations here. Whose sign-in was ended is refused by every
  process within {BELIEVED_FOR.total_seconds():.0f} seconds.
- Times are RFC 3339 with an offset. A day is a day by the tenant's clock.
- `Idempotency-Key` makes a repeated request one request. `ETag` and `If-Match` keep a change from
  overwriting one that was made meanwhile.
- Errors are `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, and in
  `errors` the fields that were not as documented. A 429 and a 503 say in `Retry-After` when to come back.

## WhatsApp webhook

`{PREFIX}/api/v1/webhooks/whatsapp`, answered in front of FastAPI and therefore not in the OpenAPI
document.

| Request | Answer |
|---|---|
| `GET` with `hub.mode=subscribe`, `hub.verify_token` and `hub.challenge` | 200 and the challenge, or 403: the token is not this tenant's |
| `POST` with `X-Hub-Signature-256` over the raw body | 200, with an empty body, once its events are committed |
| … without a signature, or with a wrong one | 401 |
| … larger than 3 MB | 413 |
| … signed, and no JSON | 200; kept in `quarantined_events` |
| … about another number than the tenant's | 200; counted in `mcp_webhook_misrouted_total`, not kept |
| … for a suspended tenant | 200 once committed; answered after `mcp-platform tenants resume` |
| Unknown tenant | 404, which tells nothing about other environments |
| Postgres away, or credentials that cannot be read and are not remembered | 503 with `Retry-After`; Meta sends again |

## Internal port

`INTERNAL_PORT` (9090), not to be published: `GET /metrics` for Prometheus, and
`GET /health/detail`, which is 503 while Postgres is away and lists degraded tenants otherwise.
"""


class _Unbuilt:
    """What routes are declared with and never asked for."""

    def __getattr__(self, _: str) -> None:
        return None


def document() -> dict[str, Any]:
    """Return the OpenAPI document of a gateway, without starting one."""
    settings = SimpleNamespace(
        offboarding_grace_days=1,
        unsaid_topology="shared",
        human_idle_s=None,
        api_docs=True,
        public_url=None,
        console_design=False,
    )
    shared = SimpleNamespace(
        settings=settings, sessions=None, tenants=None, catalogues=None, clock=None
    )
    gateway = SimpleNamespace(guard=None, chat=None, appointments=None, conversations=None)
    platform = SimpleNamespace(shared=shared, gateway=gateway, admin=_Unbuilt())
    app = create_api(cast("Any", platform))
    return app.openapi()


def reference() -> str:
    """Return the whole page."""
    parts = [INTRODUCTION, *map(_markdown, blocks(document()))]
    return "\n".join(parts).rstrip() + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(level=level, text=text):
            return f"{'#' * level} {text}\n"
        case Paragraph(text=text):
            return f"{text}\n"
        case Example(json=example):
            return f"```json\n{example}\n```\n"
        case Table(headings=headings, rows=rows):
            lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
            for row in rows:
                cells = (" ".join(cell.split()).replace("|", "\\|") for cell in row)
                lines.append(f"| {' | '.join(cells)} |")
            return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(reference())
