"""The platform's own parts: gateway, admin, worker and provisioner, each with the least it needs.

Each part has its own account, database login, keys and neighbours. The gateway faces the internet: it
can neither make Secrets nor read those of isolated tenants, and signs nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cdk8s_app import monitoring, namespace, network, place, tenant, workload
from cdk8s_app.manifest import Manifest, labels_of, manifest, selector_of, unscanned
from cdk8s_app.platform import cache, secrets
from cdk8s_app.quantities import Resources
from cdk8s_app.settings import Database, Platform

SETTINGS = "settings"
KEYS = "token-keys"
AFTER_MIGRATION = {"argocd.argoproj.io/sync-wave": "2"}
ASKS_THE_API = {
    "CKV_K8S_38": "this part reads or writes tenants' Secrets through the cluster's API, by name"
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One Deployment of the image."""

    name: str
    login: str
    """Key of `secrets.LOGINS`."""
    resources: Resources
    fewest: int
    most: int
    public: bool
    """Whether it listens on the public port."""
    secrets_api: bool
    """Whether it asks the cluster's API for Secrets."""
    asks_vendors: bool
    """Whether it talks to Google, Gemini and Meta: only who reads credentials has a reason to."""


PARTS = (
    Part(
        name="gateway",
        login="gateway",
        resources=Resources(
            cpu_request="200m", cpu_limit="1", memory_request="256Mi", memory_limit="512Mi"
        ),
        fewest=2,
        most=10,
        public=True,
        secrets_api=True,
        asks_vendors=True,
    ),
    Part(
        name="admin",
        login="admin",
        resources=Resources(
            cpu_request="50m", cpu_limit="500m", memory_request="192Mi", memory_limit="384Mi"
        ),
        fewest=1,
        most=1,
        public=True,
        secrets_api=False,
        asks_vendors=False,
    ),
    Part(
        name="worker",
        login="worker",
        resources=Resources(
            cpu_request="200m", cpu_limit="1", memory_request="256Mi", memory_limit="768Mi"
        ),
        fewest=2,
        most=10,
        public=False,
        secrets_api=True,
        asks_vendors=True,
    ),
    Part(
        name="provisioner",
        login="owner",
        resources=Resources(
            cpu_request="25m", cpu_limit="500m", memory_request="160Mi", memory_limit="384Mi"
        ),
        fewest=1,
        most=1,
        public=False,
        secrets_api=True,
        asks_vendors=True,
    ),
)


def common(platform: Platform, database: Database) -> Iterator[Manifest]:
    """Give what several parts read: settings, and the public halves of keys."""
    labels = labels_of(instance=place.NAMESPACE, component="platform")
    yield workload.config_map(
        name=SETTINGS,
        namespace=place.NAMESPACE,
        labels=labels,
        data=settings_of(platform, database),
        annotations=AFTER_MIGRATION,
    )
    if platform.token_keys:
        yield workload.config_map(
            name=KEYS,
            namespace=place.NAMESPACE,
            labels=labels,
            data=_keys(platform),
            annotations=AFTER_MIGRATION,
        )


def objects(platform: Platform, database: Database) -> Iterator[Manifest]:
    """Give every part's objects."""
    for part in PARTS:
        yield from _part(part, platform, database)
    yield from _may_provision(platform)


def account(name: str, *, labels: dict[str, str], token: bool = False) -> Iterator[Manifest]:
    """Give the ServiceAccount of a part."""
    yield namespace.service_account(
        name=name, namespace=place.NAMESPACE, labels=labels, token=token
    )


def policy(
    name: str,
    *,
    labels: dict[str, str],
    ingress: Sequence[Manifest],
    egress: Sequence[Manifest],
) -> Manifest:
    """Return whom a part's pods may talk to."""
    return network.policy(
        name=name,
        namespace=place.NAMESPACE,
        labels=labels,
        pods=selector_of(instance=place.NAMESPACE, component=name),
        ingress=ingress,
        egress=egress,
    )


def to_servers(platform: Platform, database: Database, *, redis: bool = True) -> list[Manifest]:
    """Return the rules that lead to name servers, Postgres and Valkey."""
    rules = [*network.go_to_dns(platform.dns), tenant.to_database(database)]
    if redis and platform.redis == "valkey":
        pods = {"app.kubernetes.io/component": place.VALKEY}
        rules.append(network.go_to(namespace=place.NAMESPACE, ports=[place.REDIS_PORT], pods=pods))
    return rules


def _part(part: Part, platform: Platform, database: Database) -> Iterator[Manifest]:
    labels = labels_of(instance=place.NAMESPACE, component=part.name)
    selector = selector_of(instance=place.NAMESPACE, component=part.name)
    mounts = [*_mounts(part, platform), *authorities(database)]
    scaled = part.most > part.fewest and platform.autoscaling != "off"
    yield from account(part.name, labels=labels, token=part.secrets_api)
    yield _traffic(part, platform, database, labels)
    reasons = {**workload.LOGIN_IN_ENVIRONMENT, **(ASKS_THE_API if part.secrets_api else {})}
    yield workload.deployment(
        name=part.name,
        namespace=place.NAMESPACE,
        labels=labels,
        selector=selector,
        image=platform.image,
        parts=[part.name],
        settings=SETTINGS,
        checksum=workload.checksum(settings_of(platform, database), _keys(platform), database.ca),
        resources=part.resources,
        account=part.name,
        mounts=mounts,
        secret_settings={"DATABASE_URL": (secrets.login_secret(part.login), secrets.URL)},
        replicas=None if scaled else part.fewest,
        token=part.secrets_api,
        public=part.public,
        annotations={**AFTER_MIGRATION, **unscanned(reasons)},
    )
    if scaled:
        yield from tenant.autoscaler(
            platform.autoscaling,
            platform=platform,
            name=part.name,
            namespace=place.NAMESPACE,
            labels=labels,
            fewest=part.fewest,
            most=part.most,
        )
    yield workload.disruption_budget(
        name=part.name, namespace=place.NAMESPACE, labels=labels, selector=selector
    )
    yield workload.service(
        name=part.name,
        namespace=place.NAMESPACE,
        labels=labels,
        selector=selector,
        public=part.public,
    )
    if platform.monitoring:
        yield monitoring.service_monitor(
            name=part.name, namespace=place.NAMESPACE, labels=labels, selector=selector
        )


def settings_of(platform: Platform, database: Database) -> dict[str, str]:
    """Return the settings of every part. A part passes over those of others."""
    made = {
        **platform.proxies,
        **platform.settings,
        **workload.IN_A_CONTAINER,
        **tenant.verified(database),
        "CREDENTIALS_STORE": "kubernetes",
        "PROVISIONER_URL": (
            f"http://{place.WRITER}.{place.NAMESPACE}.svc:{workload.INTERNAL_PORT}"
        ),
    }
    workers = next(part for part in PARTS if part.name == "worker")
    made["WORKER_PROCESSES"] = str(
        workers.fewest if platform.autoscaling == "off" else workers.most
    )
    if platform.redis == "valkey":
        made["REDIS_URL"] = cache.url()
    if platform.token_keys:
        made["JWT_KEYS_DIR"] = workload.TOKEN_KEYS
    if platform.public_url is not None:
        made["PUBLIC_URL"] = platform.public_url
    return made


def authorities(database: Database) -> list[workload.Mount]:
    """Return the folder with the certificate that proves Postgres', where there is one."""
    return [] if database.ca is None else [tenant.AUTHORITY]


def _keys(platform: Platform) -> dict[str, str]:
    return {f"{kid}.pub.pem": pem for kid, pem in platform.token_keys.items()}


def _mounts(part: Part, platform: Platform) -> list[workload.Mount]:
    """Return the keys of tokens: both halves for `admin`, which makes them, public ones else."""
    if not platform.token_keys:
        return []
    if part.name == "admin":
        return [workload.Mount(name=KEYS, path=workload.TOKEN_KEYS, secret=secrets.SIGNING_KEYS)]
    return [workload.Mount(name=KEYS, path=workload.TOKEN_KEYS, config_map=KEYS)]


def _traffic(
    part: Part, platform: Platform, database: Database, labels: dict[str, str]
) -> Manifest:
    ingress = []
    if part.public:
        ingress.append(
            network.come_from(namespace=platform.gateway_namespace, ports=[workload.PORT])
        )
    if part.name == place.WRITER:
        ingress.append(
            network.come_from(
                namespace=place.NAMESPACE,
                ports=[workload.INTERNAL_PORT],
                pods=selector_of(instance=place.NAMESPACE, component="admin"),
            )
        )
    if platform.monitoring:
        ingress.append(
            network.come_from(
                namespace=platform.monitoring_namespace, ports=[workload.INTERNAL_PORT]
            )
        )
    egress = to_servers(platform, database)
    if part.name == "admin":
        egress.append(
            network.go_to(
                namespace=place.NAMESPACE,
                ports=[workload.INTERNAL_PORT],
                pods=selector_of(instance=place.NAMESPACE, component=place.WRITER),
            )
        )
    if part.asks_vendors:
        egress.append(network.go_to_internet(private_ranges=platform.private_ranges))
    if part.secrets_api:
        egress += network.go_to_api_server(platform.api_server_ranges)
    return policy(part.name, labels=labels, ingress=ingress, egress=egress)


def _may_provision(platform: Platform) -> Iterator[Manifest]:
    """Give what the provisioner may do in the whole cluster: make namespaces, and new Secrets.

    Making cannot be restricted by name; an admission policy keeps it to tenants' namespaces. Reading
    and changing a Secret it may only where a tenant's own manifests let it.
    """
    rules = [{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "create", "patch"]}]
    if platform.credentials == "platform":
        rules.append({"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]})
    name = f"{place.NAMESPACE}-{place.WRITER}"
    labels = labels_of(instance=place.NAMESPACE, component=place.WRITER)
    yield manifest(
        api_version="rbac.authorization.k8s.io/v1",
        kind="ClusterRole",
        name=name,
        labels=labels,
        rules=rules,
    )
    yield manifest(
        api_version="rbac.authorization.k8s.io/v1",
        kind="ClusterRoleBinding",
        name=name,
        labels=labels,
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        subjects=[{"kind": "ServiceAccount", "name": place.WRITER, "namespace": place.NAMESPACE}],
    )
