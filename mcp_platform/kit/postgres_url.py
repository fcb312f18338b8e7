"""One reading of one database URL, for every connection this process opens.

libpq is the reference: URLs that a cloud hands out are made for it. A parameter that the driver
cannot keep is refused, not left out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, unquote

from mcp_platform.errors import Invalid

EXAMPLE = "postgresql://user:password@host:5432/database"
ENCODE = "A character such as @, /, ?, # or % in a password is percent-encoded."
PORT = 5432

# The driver reads these as libpq does. Source: asyncpg 0.32, `connect_utils.py`.
OF_THE_DRIVER = frozenset(
    {
        *("passfile", "service", "target_session_attrs", "krbsrvname", "gsslib", "sslnegotiation"),
        *("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version"),
        *("application_name", "options"),  # which go to the server as they are
    }
)
# They tune libpq's own work, and nobody misses them.
LEFT_OUT = frozenset(
    {
        *("fallback_application_name", "sslcompression", "sslsni", "gssdelegation", "requiressl"),
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        *("tcp_user_timeout", "load_balance_hosts", "min_protocol_version", "max_protocol_version"),
        "sslkeylogfile",
    }
)
# These ask for something: only the value that asks for what is done anyway is taken.
TAKEN_AS = {
    "client_encoding": ("auto", "utf8", "utf-8", "unicode"),
    "gssencmode": ("disable", "prefer"),
    "sslcertmode": ("allow", "disable"),
    "replication": ("false", "off", "no", "0"),
    "channel_binding": ("disable", "prefer"),
}
BOOLEANS = {"true": "require", "1": "require", "false": "disable", "0": "disable"}

_HOST = re.compile(r"(?:\[(?P<v6>[^\]]*)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]{1,5})?)?")


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """Where a database is, and how it is connected to."""

    user: str | None
    password: str | None
    hosts: tuple[tuple[str, int], ...]
    """By name, address or folder of a socket, in the order in which they are tried."""
    database: str | None
    parameters: Mapping[str, str]
    timeout_s: float | None
    """To connect to one host; None: what the caller finds right."""

    @classmethod
    def read(cls, url: str) -> Self:
        """Read a URL as libpq does.

        Raises:
            Invalid: it is none, or asks for what cannot be kept; names no value.
        """
        for login, at, tail in _taken_apart(url.strip()):  # noqa: B007  # the first that will do
            hosts = _hosts(at)
            if hosts is not None:
                break
        else:
            raise Invalid(f"DATABASE_URL is not a URL such as {EXAMPLE}. {ENCODE}")
        path, _, query = tail.partition("?")
        given = _parameters(query)
        if "host" in given or "port" in given:
            hosts = _hosts_of(given, hosts)
        user, colon, password = login.partition(":")
        return cls(
            user=given.pop("user", unquote(user)) or None,
            password=given.pop("password", unquote(password) if colon else None),
            hosts=tuple((host, port or PORT) for host, port in hosts),
            database=given.pop("dbname", unquote(path[1:])) or None,
            timeout_s=_seconds(given.pop("connect_timeout", "0")),
            parameters=_kept(given),
        )

    def with_login(self, *, user: str, password: str) -> Self:
        return replace(self, user=user, password=password)

    @property
    def place(self) -> str:
        """What a person may read of it."""
        hosts = ",".join(f"{_bracketed(host)}:{port}" for host, port in self.hosts)
        return f"{hosts or 'localhost'}/{self.database or ''}"

    def at(self, *hosts: tuple[str, int]) -> str:
        """Return the URL of some of its hosts, as the driver reads it."""
        login = "" if self.user is None else quote(self.user, safe="")
        if self.password is not None:
            login += f":{quote(self.password, safe='')}"
        at = ",".join(f"{_bracketed(quote(host, safe=':'))}:{port}" for host, port in hosts)
        query = "&".join(f"{name}={quote(each, safe='')}" for name, each in self.parameters.items())
        database = quote(self.database or "", safe="")
        return f"postgresql://{login and login + '@'}{at}/{database}{query and '?' + query}"

    def __str__(self) -> str:
        wait = {} if self.timeout_s is None else {"connect_timeout": f"{self.timeout_s:g}"}
        return replace(self, parameters={**self.parameters, **wait}).at(*self.hosts)


def _taken_apart(url: str) -> Iterator[tuple[str, str, str]]:
    """Give login, hosts and the rest of a URL, in each way in which it may be meant.

    The first is right where a password is percent-encoded. Clouds make some that are not.
    """
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.partition("+")[0] not in ("postgres", "postgresql"):
        return
    before, tail = _until_path(rest)
    login, _, hosts = before.rpartition("@")
    yield login, hosts, tail
    login, mark, after = rest.partition("@")
    if mark:
        yield login, *_until_path(after)


def _until_path(text: str) -> tuple[str, str]:
    end = re.search("[/?#]", text)
    return (text, "") if end is None else (text[: end.start()], text[end.start() :])


def _hosts(text: str) -> list[tuple[str, int | None]] | None:
    """Return what stands between the login and the path, or None if it is not a list of hosts."""
    if not text:
        return []
    read = [_HOST.fullmatch(each) for each in unquote(text).split(",")]
    if not all(found and (found["v6"] or found["name"]) for found in read):
        return None
    return [
        (found["v6"] or found["name"], int(found["port"]) if found["port"] else None)
        for found in read
        if found is not None
    ]


def _hosts_of(
    given: dict[str, str], named: list[tuple[str, int | None]]
) -> list[tuple[str, int | None]]:
    """Return the hosts where the query names them or their ports, as it may."""
    hosts = _hosts(given.pop("host", "")) or named or [("localhost", None)]
    ports = [each for each in given.pop("port", "").split(",") if each]
    if ports and (not all(map(str.isdigit, ports)) or len(ports) not in (1, len(hosts))):
        raise Invalid("DATABASE_URL: port is one number, or one for each host.")
    if not ports:
        return hosts
    return [(host, int(ports[min(at, len(ports) - 1)])) for at, (host, _) in enumerate(hosts)]


def _parameters(query: str) -> dict[str, str]:
    given = {}
    for each in filter(None, query.split("&")):
        name, equals, value = each.partition("=")
        if not equals:
            raise Invalid(f"DATABASE_URL: the parameter {unquote(name)} has no value.")
        given[unquote(name).lower()] = unquote(value)
    return given


def _seconds(text: str) -> float | None:
    try:
        return float(text) if float(text) > 0 else None
    except ValueError:
        raise Invalid("DATABASE_URL: connect_timeout is a number of seconds.") from None


def _kept(given: dict[str, str]) -> dict[str, str]:
    """Return the parameters that the driver is given.

    Raises:
        Invalid: one is unknown, or cannot be kept.
    """
    mode = given.pop("ssl", None)  # as JDBC, Heroku and SQLAlchemy's users write it
    if mode is not None:
        given.setdefault("sslmode", BOOLEANS.get(mode, mode))
    if given.get("requiressl") == "1":
        given.setdefault("sslmode", "require")
    if given.get("channel_binding") == "require":
        # The driver has none. What it is for, that nobody stands between, a certificate that is
        # verified proves as well.
        del given["channel_binding"]
        given.setdefault("sslrootcert", "system")
        given["sslmode"] = "verify-full"
    if given.get("sslrootcert") == "system":
        given["sslmode"] = "verify-full"  # as libpq has it: anybody gets a certificate for a name
    for name, taken in TAKEN_AS.items():
        if name in given and given.pop(name).lower() not in taken:
            raise Invalid(f"DATABASE_URL: {name} can only be {' or '.join(taken)} here.")
    for name in sorted(given.keys() - OF_THE_DRIVER - LEFT_OUT):
        raise Invalid(
            f"DATABASE_URL: the parameter {name} is not supported: leave it out. A setting of the"
            f" server is given as options=-c%20{name}%3Dvalue."
        )
    return {name: given[name] for name in sorted(given.keys() & OF_THE_DRIVER)}


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
