"""`config.json`, read and checked: which tenants there are, and what all of them share.

A mistake is one sentence that names the client and the field. A client is checked only when it is
asked for, so a fleet of a thousand is read quickly if one has changed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from jsonschema import Draft202012Validator, ValidationError, validators

from cdk8s_app.manifest import WrongSpec
from cdk8s_app.network import PRIVATE_IPV6
from cdk8s_app.quantities import Resources, in_bytes
from cdk8s_app.settings import PRIVATE_RANGES, ArgoCD, Backups, Database, Images, Logs, Platform

SCHEMA = Path(__file__).with_name("config.schema.json")
ENVIRONMENTS = ("development", "staging", "production")

# What a container of a tenant gets where nothing is said. Measured: an idle pinned process takes
# about 150 MiB, a busy one 250.
DEFAULTS = {
    "cpu_request": "50m",
    "cpu_limit": "500m",
    "memory_request": "192Mi",
    "memory_limit": "384Mi",
}
# Not even the interpreter starts with less; who writes "512" means mebibytes, and gets bytes.
LEAST_MEMORY = "64Mi"
_LOGIN = re.compile(r"^(https?://).*@")  # a password may hold a slash
SECRET_WORDS = ("PASSWORD", "SECRET", "TOKEN", "API_KEY", "PRIVATE_KEY", "DATABASE_URL")


class ConfigError(ValueError):
    """`config.json` is not what the builder reads; the sentences name client and field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What is known of a tenant's Secret: never a value, sealed ones excepted."""

    keys: tuple[str, ...] = ()
    checksum: str = ""
    sealed: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One client in one environment."""

    client: str
    environment: str
    topology: Literal["shared", "isolated"] = "isolated"
    status: Literal["active", "suspended", "offboarded"] = "active"
    resources: Resources
    credentials: Credentials

    @property
    def namespace(self) -> str:
        return f"{self.client}-{self.environment}"

    @property
    def path(self) -> str:
        """URL path, and folder under `clients`."""
        return f"{self.client}/{self.environment}"

    @property
    def secret(self) -> str:
        return f"{self.client}-credentials"

    @property
    def isolated(self) -> bool:
        return self.topology == "isolated"


@dataclass(frozen=True, slots=True)
class Client:
    """One entry of `clients`, as it stands in the file; checked by `tenants()`."""

    name: str
    entry: Mapping[str, Any]
    versioned: bool

    def tenants(self) -> tuple[Tenant, ...]:
        """Return the client's environments, in order.

        Raises:
            ConfigError: a field of the entry is wrong.
        """
        _check(self.entry, "client", versioned=self.versioned, where=f"client {self.name}")
        return tuple(self._tenants())

    def _tenants(self) -> Iterator[Tenant]:
        declared = self.entry["environments"]
        for environment in ENVIRONMENTS:
            found = declared.get(environment)
            if found is True:
                found = {}
            if not isinstance(found, dict) or not found.get("enabled", True):
                continue
            where = f"client {self.name}, {environment}"
            try:
                resources = _resources(self.entry.get("resources"), found.get("resources"))
            except WrongSpec as error:
                raise ConfigError(f"{where}: {error}") from error
            yield Tenant(
                client=self.name,
                environment=environment,
                topology=found.get("topology", "isolated"),
                status=found.get("status", "active"),
                resources=resources,
                credentials=_credentials(found.get("credentials") or {}, where=where),
            )


@dataclass(frozen=True, slots=True)
class Fleet:
    """A whole `config.json`. `clients` are sorted by name."""

    platform: Platform
    argocd: ArgoCD
    database: Database
    clients: tuple[Client, ...]


def read_fleet(
    path: Path, *, repo_url: str | None = None, repo_url_unsaid: str | None = None
) -> Fleet:
    """Read `config.json`.

    Args:
        path: of the file.
        repo_url: the manifests repository; it goes before the file's.
        repo_url_unsaid: the same, where the file says nothing; a login in it is left out.

    Raises:
        ConfigError: the file is absent, no JSON, or wrong outside of `clients`.
    """
    try:
        found = json.loads(path.read_bytes(), object_pairs_hook=_once)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: it is nested too deeply") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    if isinstance(found, dict) and isinstance(argocd := found.get("argocd", {}), dict):
        unsaid = repo_url_unsaid and _LOGIN.sub(r"\1", repo_url_unsaid)
        if repo := repo_url or argocd.get("repo_url") or unsaid:
            found["argocd"] = {**argocd, "repo_url": repo}
    return fleet_of(found)


def fleet_of(found: Any) -> Fleet:
    """Return the fleet that a parsed `config.json` describes. Raises ConfigError."""
    if not isinstance(found, dict) or not isinstance(found.get("clients"), list):
        raise ConfigError("clients: a list is missing")
    _check({**found, "clients": []}, None, versioned="version" in found, where="")
    platform = {**found.get("platform", {})}
    if logs := platform.get("logs"):
        made_of = {**logs, "ranges": _ranges(logs, "ranges", within="platform.logs")}
        platform["logs"] = Logs(**_known(Logs, made_of))
    if images := platform.get("images"):
        platform["images"] = Images(**_known(Images, images))
    for name in platform.get("settings", {}):
        if any(word in name for word in SECRET_WORDS):
            raise ConfigError(f"platform.settings.{name}: a secret has no place in this file")
    for name in ("private_ranges", "api_server_ranges", "dns"):
        if name in platform:
            platform[name] = _ranges(platform, name, within="platform")
    _require_narrow(platform.get("api_server_ranges", ()), field="platform.api_server_ranges")
    database = {**found.get("database", {})}
    if "host" in database and database.setdefault("mode", "external") != "external":
        # Pods would be let out to the Postgres that is made, and told to ask another.
        raise ConfigError(f"database.host: has no place where database.mode is {database['mode']}")
    database["ranges"] = _ranges(database, "ranges", within="database")
    if database["ranges"] and database.get("mode") != "external":
        raise ConfigError("database.ranges: has a place where database.mode is external alone")
    if database.get("ca") and database.get("mode") == "statefulset":
        raise ConfigError("database.ca: the small Postgres speaks no TLS; take another mode")
    if backups := database.get("backups"):
        if "destination" not in backups:
            raise ConfigError("database.backups.destination: is missing")
        database["backups"] = Backups(**_known(Backups, backups))
    made = Database(**_known(Database, database))
    if made.mode == "external" and made.host is None:
        raise ConfigError("database.host: is needed where database.mode is external")
    return Fleet(
        Platform(**_known(Platform, platform)),
        ArgoCD(**_known(ArgoCD, found.get("argocd", {}))),
        made,
        tuple(sorted(_clients(found), key=lambda client: client.name)),
    )


def _clients(found: Mapping[str, Any]) -> Iterator[Client]:
    seen: set[str] = set()
    for position, entry in enumerate(found["clients"]):
        name = entry.get("client_name") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            raise ConfigError(f"clients[{position}].client_name: is missing")
        if name in seen:
            raise ConfigError(f"client {name}: is named twice")
        seen.add(name)
        yield Client(name, entry, "version" in found)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice in one object: the later one would win unseen."""
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is given twice in one object")
    return made


def _ranges(found: Mapping[str, Any], name: str, *, within: str) -> tuple[str, ...]:
    """Return the ranges of addresses in a field, if it is there. Raises ConfigError."""
    for position, each in enumerate(found.get(name, ())):
        try:
            _ = ip_network(each) if "/" in each else None  # name servers have other forms too
        except ValueError as error:
            raise ConfigError(f"{within}.{name}.{position}: {error}") from error
    return tuple(found.get(name, ()))


def _require_narrow(ranges: tuple[str, ...], *, field: str) -> None:
    """Refuse a range that would open again all that `private_ranges` shuts."""
    shut = [ip_network(each) for each in (*PRIVATE_RANGES, *PRIVATE_IPV6)]
    for position, each in enumerate(ranges):
        found = ip_network(each)
        if any(found.prefixlen <= one.prefixlen and one.network_address in found for one in shut):
            raise ConfigError(
                f"{field}.{position}: {each} is more than an API server's address:"
                f" a whole range that is not the internet lies in it"
            )


def _known(form: type, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(form)}
    return {name: value for name, value in values.items() if name in names}


def _resources(*levels: Mapping[str, Any] | None) -> Resources:
    """Return the client's amounts with the environment's over them, each of the four by itself."""
    amounts = dict(DEFAULTS)
    said: set[str] = set()
    for level in levels:
        for bound, suffix in (("requests", "request"), ("limits", "limit")):
            for what, amount in ((level or {}).get(bound) or {}).items():
                if f"{what}_{suffix}" in amounts:
                    amounts[f"{what}_{suffix}"] = amount
                    said.add(f"{what}_{suffix}")
    for what in ("cpu", "memory"):  # a limit or request alone pulls our default of the other along
        request, limit = f"{what}_request", f"{what}_limit"
        if (request in said) != (limit in said):
            try:
                Resources(**{**DEFAULTS, request: amounts[request], limit: amounts[limit]})
            except WrongSpec:
                amounts[request] = amounts[limit] = amounts[request if request in said else limit]
    if in_bytes(amounts["memory_limit"]) < in_bytes(LEAST_MEMORY):
        raise WrongSpec(
            f"resources: limits.memory {amounts['memory_limit']} is less than any process needs,"
            f" {LEAST_MEMORY}"
        )
    return Resources(**amounts)


def _credentials(found: Mapping[str, Any], *, where: str) -> Credentials:
    keys, sealed = tuple(found.get("keys", ())), found.get("sealed")
    if sealed is not None and (missing := [key for key in keys if key not in sealed]):
        # The SealedSecret would take these away from the Secret.
        raise ConfigError(
            f"{where}: credentials.sealed lacks {', '.join(missing)}, which credentials.keys names:"
            " save it again while sealing is on, and export anew"
        )
    return Credentials(keys=keys, checksum=found.get("checksum", ""), sealed=sealed)


def _check(value: Any, definition: str | None, *, versioned: bool, where: str) -> None:
    """Raise ConfigError with every mistake, one a line."""
    mistakes = []
    for validator in _validators(definition, versioned=versioned):
        mistakes += [_sentence(error, where=where) for error in validator.iter_errors(value)]
    if mistakes:
        raise ConfigError("\n".join(sorted(set(mistakes))))


@cache
def _validators(definition: str | None, *, versioned: bool) -> tuple[Draft202012Validator, ...]:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    if definition is None:
        return (_Validator(schema),)
    forms = [{"$ref": f"#/$defs/{definition}"}]
    if versioned:
        forms.append(schema["$defs"]["known_fields"]["properties"]["clients"]["items"])
    return tuple(_Validator({**form, "$defs": schema["$defs"]}) for form in forms)


def _whole_line(
    validator: Any, pattern: str, instance: object, _: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Check a pattern. Python's `$` lets a line end pass at the end; the schema's own does not."""
    if not validator.is_type(instance, "string"):
        return
    text = str(instance)
    if not re.search(pattern, text) or (pattern.endswith("$") and text.endswith("\n")):
        # What stands before an @ in a URL is a login: it is not shown.
        yield ValidationError(f"{_WORD.sub(_without_login, repr(text))} does not match {pattern!r}")


_WORD = re.compile(r"\S+")


def _without_login(word: re.Match[str]) -> str:
    before, mark, after = word[0].partition("://")
    login, at, host = after.rpartition("@")
    return f"{before}{mark}{'…' if login else ''}{at}{host}"


_Validator = validators.extend(  # type: ignore[no-untyped-call]  # it is not annotated
    Draft202012Validator, {"pattern": _whole_line}
)


def _sentence(error: ValidationError, *, where: str) -> str:
    place = ".".join(str(each) for each in error.absolute_path)
    field = ": ".join(each for each in (where, place) if each)
    match error.validator:
        case "required":
            return f"{field}: {error.message.split(' ')[0]} is missing"
        case "enum" if "propertyNames" in error.absolute_schema_path:
            return f"{field}: {error.instance!r} is not a field that is known here"
        case "enum":
            allowed = ", ".join(map(str, error.schema["enum"]))  # type: ignore[index]  # it has one
            return f"{field}: {error.instance!r} is none of {allowed}"
        case "not":
            return f"{field}: {error.instance!r} is reserved"
        case _:
            hint = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
            # A private key where a public half or a certificate belongs: CI's logs are read by many.
            said, key, _ = error.message.partition("PRIVATE KEY-----")
            return f"{field}: {said}{f'{key}…' if key else ''}{f' ({hint})' if hint else ''}"
