"""A Kubernetes API server on this machine, as far as credentials and manifests need one.

It checks bearer tokens and RBAC, keeps the objects that manifests are made of, issues tokens for
service accounts, and answers access reviews. It admits by quotas, rolls Deployments out and ends
Jobs; see docs/simulators.md. It has no watching, no admission policies and no other controllers.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from mcp_platform.simulators.control import (
    DroppedConnection,
    Faults,
    RecordRequests,
    RequestLog,
    control_routes,
    json_object,
    refused,
)
from mcp_platform.simulators.kubernetes import errors
from mcp_platform.simulators.kubernetes.access import (
    AUTHENTICATED,
    MASTERS,
    Attempt,
    BearerTokens,
    TokenUser,
    allowed,
)
from mcp_platform.simulators.kubernetes.controllers import JOB_FAILS, WATCHED, Controllers
from mcp_platform.simulators.kubernetes.errors import StatusError
from mcp_platform.simulators.kubernetes.kinds import KINDS, ResourceKind
from mcp_platform.simulators.kubernetes.objects import Cluster

_INSTEAD = (
    "gone",
    "no_status",
    "not_admitted",
    "rate_limited",
    "reset",
    "unauthorized",
    "unavailable",
)
FAULTS = frozenset([*_INSTEAD, JOB_FAILS, "response_lost", "slow"])
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_PATCHES = (
    "application/apply-patch+yaml",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",  # of the kinds here it differs in nothing we use
)
_LONGEST_MANAGER = 128
_SHORTEST_TOKEN_S = 600
_PAGE = "<html><body><h1>503 Service Unavailable</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: for what, and by whom."""

    kind: ResourceKind
    namespace: str | None
    name: str
    user: TokenUser
    request: Request

    @property
    def verb(self) -> str:
        if self.request.method == "GET":
            return "get" if self.name else "list"
        return _VERBS[self.request.method]


class ApiServer:
    """The cluster, and who may touch it."""

    def __init__(self, faults: Faults) -> None:
        self.cluster = Cluster()
        self.tokens = BearerTokens()
        self.controllers = Controllers(self.cluster, faults)
        self._faults = faults

    def reset(self) -> None:
        self.cluster.reset()
        self.tokens.revoke()

    def admin_token(self) -> str:
        """Return a new token that may do everything."""
        return self.tokens.issue("kubernetes-admin", groups=[MASTERS])

    def routes(self) -> list[Route]:
        def route(path: str, handler: Any, *methods: str) -> Route:
            return Route(path, handler, methods=list(methods))

        table = [
            route("/_control/tokens", self._issue, "POST"),
            route("/_control/tokens", self._revoke, "DELETE"),
            route("/version", self._version, "GET"),
            route(
                "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                self._answering(self._review),
                "POST",
            ),
            route(
                "/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token",
                self._answering(self._token_of_account),
                "POST",
            ),
        ]
        for kind in KINDS:
            home = f"{kind.root}/namespaces/{{namespace}}" if kind.namespaced else kind.root
            handler = self._answering(self._handler(kind))
            table.append(route(f"{home}/{kind.resource}", handler, "GET", "POST"))
            if kind.namespaced:  # those of all namespaces
                table.append(route(f"{kind.root}/{kind.resource}", handler, "GET"))
            table.append(
                route(f"{home}/{kind.resource}/{{name}}", handler, "GET", "PUT", "PATCH", "DELETE")
            )
        return [*table, route("/{path:path}", self._nowhere, "GET", "POST", "PUT", "PATCH")]

    # Beside the objects.

    async def _nowhere(self, _: Request) -> Response:
        return errors.no_such_path().response()

    async def _version(self, _: Request) -> Response:
        return JSONResponse({"major": "1", "minor": "33", "gitVersion": "v1.33.0+simulated"})

    async def _issue(self, request: Request) -> Response:
        try:
            body = await json_object(request)
            token = self.tokens.issue(
                str(body["user"]), groups=body.get("groups", ()), token=body.get("token")
            )
        except (KeyError, TypeError, ValueError) as error:
            return refused(str(error))
        return JSONResponse({"token": token}, status_code=201)

    async def _revoke(self, request: Request) -> Response:
        self.tokens.revoke(user=request.query_params.get("user"))
        return Response(status_code=204)

    async def _review(self, request: Request) -> Response:
        user = self.tokens.who(request.headers.get("authorization"))
        if AUTHENTICATED not in user.groups:  # who is known may always ask this about themselves
            raise errors.forbidden(
                user=user.name,
                verb="create",
                resource="selfsubjectaccessreviews",
                group="authorization.k8s.io",
                namespace=None,
                name="",
            )
        body = await request.json()
        asked = body.get("spec", {}).get("resourceAttributes", {})
        answer = allowed(
            self.cluster,
            user,
            Attempt(
                verb=asked.get("verb", ""),
                group=asked.get("group", ""),
                resource=asked.get("resource", ""),
                namespace=asked.get("namespace") or None,
                name=asked.get("name", ""),
            ),
        )
        return JSONResponse({**body, "status": {"allowed": answer}}, status_code=201)

    async def _token_of_account(self, request: Request) -> Response:
        namespace, name = request.path_params["namespace"], request.path_params["name"]
        accounts = next(kind for kind in KINDS if kind.resource == "serviceaccounts")
        user = self.tokens.who(request.headers.get("authorization"))
        self._check(user, "create", accounts, namespace, name, resource="serviceaccounts/token")
        self.cluster.get(accounts, namespace, name)
        lasts = (await request.json()).get("spec", {}).get("expirationSeconds")
        if lasts is not None and lasts < _SHORTEST_TOKEN_S:
            why = f"Invalid value: {lasts}: may not specify a duration less than 10 minutes"
            raise errors.invalid(
                "TokenRequest.authentication.k8s.io", "", field="spec.expirationSeconds", why=why
            )
        token = self.tokens.issue(f"system:serviceaccount:{namespace}:{name}")
        return JSONResponse(
            {
                "kind": "TokenRequest",
                "apiVersion": "authentication.k8s.io/v1",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {"audiences": ["https://kubernetes.default.svc"]},
                "status": {"token": token, "expirationTimestamp": "2100-01-01T00:00:00Z"},
            },
            status_code=201,
        )

    # Objects.

    def _handler(self, kind: ResourceKind) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            asked = Asked(
                kind=kind,
                namespace=request.path_params.get("namespace"),
                name=request.path_params.get("name", ""),
                user=self.tokens.who(request.headers.get("authorization")),
                request=request,
            )
            return await self._done(asked)

        return handle

    async def _done(self, asked: Asked) -> Response:
        context = {
            "verb": asked.verb,
            "resource": asked.kind.resource,
            "namespace": asked.namespace or "",
            "name": asked.name,
        }
        if (slow := self._faults.take("slow", **context)) is not None:
            await asyncio.sleep(float(slow.params.get("delay_s", 1)))
        struck = self._faults.take(*_INSTEAD, **context)
        if struck is not None:
            return _struck(struck.fault, struck.params)
        if asked.request.query_params.get("watch") in ("true", "1"):
            raise errors.bad_request("this simulator does not watch")
        self._check(asked.user, asked.verb, asked.kind, asked.namespace, asked.name)
        if asked.request.query_params.get("dryRun") == "All":
            with self.cluster.unchanged():
                return await self._answer(asked)
        answer = await self._answer(asked)
        if asked.namespace and asked.kind in WATCHED and asked.verb not in ("get", "list"):
            self.controllers.settle(asked.namespace)
        if self._faults.take("response_lost", **context) is not None:
            return DroppedConnection()
        return answer

    def _check(
        self,
        user: TokenUser,
        verb: str,
        kind: ResourceKind,
        namespace: str | None,
        name: str,
        *,
        resource: str | None = None,
    ) -> None:
        attempt = Attempt(
            verb=verb,
            group=kind.group,
            resource=resource or kind.resource,
            # A namespace's own name counts as its namespace.
            namespace=name or None if kind.resource == "namespaces" else namespace,
            name="" if verb == "create" and resource is None else name,
        )
        if not allowed(self.cluster, user, attempt):
            raise errors.forbidden(
                user=user.name,
                verb=verb,
                resource=attempt.resource,
                group=kind.group,
                namespace=namespace,
                name=attempt.name,
            )

    async def _answer(self, asked: Asked) -> Response:
        kind, namespace, name = asked.kind, asked.namespace, asked.name
        match asked.verb:
            case "get":
                return JSONResponse(self.cluster.get(kind, namespace, name))
            case "list":
                return self._list(asked)
            case "delete":
                self.cluster.delete(kind, namespace, name)
                done = {"kind": "Status", "apiVersion": "v1", "status": "Success"}
                return JSONResponse({**done, "details": {"name": name, "kind": kind.resource}})
            case "patch":
                return await self._patch(asked)
            case verb:
                body = await _body(asked)
                manager = _manager(asked.request)
                if verb == "create":
                    made = self.cluster.create(kind, namespace, body, manager=manager)
                    return JSONResponse(made, status_code=201)
                return JSONResponse(
                    self.cluster.replace(kind, namespace, name, body, manager=manager)
                )

    def _list(self, asked: Asked) -> Response:
        items = list(self.cluster.every(asked.kind.group, asked.kind.resource, asked.namespace))
        for term in filter(None, asked.request.query_params.get("labelSelector", "").split(",")):
            key, _, value = term.partition("=")
            items = [
                each
                for each in items
                if each["metadata"].get("labels", {}).get(key) == value.removeprefix("=")
            ]
        listed = {"kind": f"{asked.kind.name}List", "apiVersion": asked.kind.api_version}
        return JSONResponse({**listed, "metadata": {"resourceVersion": "1"}, "items": items})

    async def _patch(self, asked: Asked) -> Response:
        kind, namespace, name = asked.kind, asked.namespace, asked.name
        query = asked.request.query_params
        patch = await _body(asked)
        manager = _manager(asked.request)
        applies = asked.request.headers["content-type"].startswith("application/apply-patch+yaml")
        _check_options(query, applies=applies)
        if not applies:
            done = self.cluster.merge(kind, namespace, name, patch, manager=manager)
            return JSONResponse(done)
        made = not self.cluster.exists(kind, namespace, name)
        if made:
            self._check(asked.user, "create", kind, namespace, name)
        done = self.cluster.apply(
            kind, namespace, name, patch, manager=manager, force=query.get("force") == "true"
        )
        return JSONResponse(done, status_code=201 if made else 200)

    def _answering(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except StatusError as refusal:
                return refusal.response()

        return answered


async def _body(asked: Asked) -> dict[str, Any]:
    kind = asked.request.headers.get("content-type", "").partition(";")[0]
    expected = _PATCHES if asked.request.method == "PATCH" else ("application/json",)
    if kind not in expected:
        message = f"the body of the request was in an unknown format - accepted: {expected}"
        raise StatusError(415, "UnsupportedMediaType", message)
    raw = await asked.request.body()
    try:
        body = json.loads(raw)  # YAML that is not JSON is not read here
    except ValueError as error:
        raise errors.bad_request("the object provided is unrecognized") from error
    if not isinstance(body, dict):
        raise errors.bad_request("the object provided is unrecognized")
    _check_type(asked, body, kind)
    named = body.get("metadata", {})
    for field, of_path in (("name", asked.name), ("namespace", asked.namespace)):
        if of_path and named.get(field, of_path) != of_path:
            message = f"the {field} of the object does not match the {field} on the URL"
            raise errors.bad_request(message)
    return body


def _check_type(asked: Asked, body: Mapping[str, Any], media_type: str) -> None:
    ours = {"apiVersion": asked.kind.api_version, "kind": asked.kind.name}
    given = {key: body.get(key, each) for key, each in ours.items()}
    if media_type == "application/apply-patch+yaml" and not ours.keys() <= body.keys():
        raise errors.bad_request("Incorrect version specified in apply patch")
    if given == ours:
        return
    message = f"{given['kind']} in version {given['apiVersion']!r} cannot be handled as a {asked.kind.name}"
    if media_type == "application/json":
        raise errors.bad_request(message)
    raise errors.invalid("", "", field="patch", why=f"Invalid value: {message}")


def _check_options(query: Mapping[str, str], *, applies: bool) -> None:
    def wrong(field: str, why: str) -> StatusError:
        return errors.invalid("PatchOptions.meta.k8s.io", "", field=field, why=why)

    if applies and not query.get("fieldManager"):
        raise wrong("fieldManager", "Required value: is required for apply patch")
    if not applies and "force" in query:
        raise wrong("force", "Forbidden: may not be specified for non-apply patch")
    if len(query.get("fieldManager", "")) > _LONGEST_MANAGER:
        raise wrong("fieldManager", f"Too long: must have at most {_LONGEST_MANAGER} bytes")


def _manager(request: Request) -> str:
    agent = request.headers.get("user-agent", "unknown").partition("/")[0]
    return request.query_params.get("fieldManager") or agent


def _struck(fault: str, given: Mapping[str, Any]) -> Response:
    match fault:
        case "reset":
            return DroppedConnection()
        case "rate_limited":
            raise errors.too_many(int(given.get("retry_after_s", 0)))
        case "unauthorized":
            raise errors.unauthorized()
        case "gone":
            raise errors.expired()
        case "not_admitted":  # by a quota; webhooks and policies answer alike
            message = 'secrets "x" is forbidden: exceeded quota: q, requested: count/secrets=1'
            raise StatusError(403, "Forbidden", message)
        case "no_status":  # what stands in front of an API server, not it, is down
            status = int(given.get("status", 503))
            typed = bool(given.get("typed", True))
            return HTMLResponse(_PAGE, status) if typed else Response(_PAGE, status)
        case _:
            message = "the server is currently unable to handle the request"
            raise StatusError(503, "ServiceUnavailable", message)


def create_app(*, faults: Faults | None = None) -> Starlette:
    """Return the simulator; `app.state.kubernetes` is its `ApiServer`, for tests beside it."""
    faults = Faults(known=FAULTS) if faults is None else faults
    log = RequestLog()
    server = ApiServer(faults)
    app = Starlette(
        routes=[*control_routes(faults=faults, log=log, reset=server.reset), *server.routes()],
        middleware=[Middleware(RecordRequests, log=log)],
    )
    app.state.kubernetes = server
    app.state.faults = faults
    app.state.requests = log
    return app
