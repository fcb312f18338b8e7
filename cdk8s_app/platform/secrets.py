"""Secrets that the platform's own parts need, by name. Nothing here holds a value.

With `credentials: external` they are fetched from the store. Otherwise somebody makes them once,
before the first start: with `kubectl create secret`, or sealed by hand.
"""

from collections.abc import Iterator

from cdk8s_app import credentials, place
from cdk8s_app.manifest import Manifest, labels_of
from cdk8s_app.settings import Database, Platform

OWNER = "mcp"
"""Owner of the database: migrations and the provisioner log in as it."""
LOGINS = {"owner": OWNER, "gateway": "gateway", "worker": "worker", "admin": "admin"}
"""Who logs in, and as which database login. Each has a Secret of keys username, password, url."""
SIGNING_KEYS = "token-signing-keys"
"""`<kid>.pem` and `<kid>.pub.pem`: for the part `admin` alone."""
URL = "url"


def login_secret(login: str) -> str:
    """Return the name of the Secret by which `login`, a key of LOGINS, reaches Postgres."""
    return f"database-{login}"


def external_secrets(platform: Platform, database: Database) -> Iterator[Manifest]:
    """Give an ExternalSecret for each, where a store has them under `mcp-platform/<name>`."""
    if platform.credentials != "external":
        return
    labels = labels_of(instance=place.NAMESPACE, component="secrets")
    for login in LOGINS:
        url = place.database_url(database, login="{{ .username }}:{{ .password | urlquery }}")
        yield credentials.external_secret(
            name=login_secret(login),
            namespace=place.NAMESPACE,
            labels=labels,
            store=platform.secret_store,
            key=f"mcp-platform/{login_secret(login)}",
            template={URL: url},
        )
    if platform.token_keys:
        yield credentials.external_secret(
            name=SIGNING_KEYS,
            namespace=place.NAMESPACE,
            labels=labels,
            store=platform.secret_store,
            key=f"mcp-platform/{SIGNING_KEYS}",
        )
