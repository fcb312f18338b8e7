"""Names that more than one module has to agree on: where the platform and its servers are."""

from ipaddress import ip_network

from cdk8s_app.settings import Database

NAMESPACE = "mcp-platform"
READERS = ("gateway", "worker")
"""ServiceAccounts that read shared tenants' Secrets."""
WRITER = "provisioner"
"""ServiceAccount that writes tenants' Secrets."""

DATABASE = "database"
VALKEY = "valkey"
POSTGRES_PORT = 5432
REDIS_PORT = 6379
AUTHORITY = "database-ca"
"""ConfigMap, and mount, of the authority's certificate in each namespace with pods of ours."""
AUTHORITY_KEY = "ca.crt"
AUTHORITY_PAIR = "database-server-ca"
"""Secret with the authority's certificate and key, by which CloudNativePG signs Postgres'."""


def database_host(database: Database) -> str:
    """Return where Postgres answers: at `host`, where it is external."""
    if database.host is not None:
        return database.host
    service = f"{DATABASE}-rw" if database.mode == "cloudnative-pg" else DATABASE
    return f"{service}.{NAMESPACE}.svc"


def database_address(database: Database) -> str | None:
    """Return the range of the one address that an external Postgres has; None: it has a name."""
    try:
        return str(ip_network(database_host(database)))
    except ValueError:
        return None


def database_pods(database: Database) -> dict[str, str] | None:
    """Return the labels of Postgres' pods; None where it is not in the cluster."""
    match database.mode:
        case "cloudnative-pg":
            return {"cnpg.io/cluster": DATABASE}
        case "statefulset":
            return {"app.kubernetes.io/component": DATABASE}
        case "external":
            return None


def database_url(database: Database, *, login: str = "") -> str:
    """Return the URL, without a login unless `login` is one: `user:password`."""
    at = f"{login}@" if login else ""
    return f"postgresql://{at}{database_host(database)}:{database.port}/{database.name}"
