"""Postgres: a CloudNativePG Cluster with backups, or one small StatefulSet, or none of ours.

The logins of the parts and their group roles are made here. Migrations make tables and policies, and
say what a group may do.
"""

from collections.abc import Iterator
from dataclasses import replace

from cdk8s_app import network, place, workload
from cdk8s_app.manifest import Manifest, labels_of, manifest, selector_of, unscanned
from cdk8s_app.platform import secrets
from cdk8s_app.quantities import Resources
from cdk8s_app.settings import Database, Platform

# What each part may act as (docs/architecture.md). It says as which when it connects.
GROUPS = {
    "gateway": ("mcp_ingest", "mcp_worker"),
    "worker": ("mcp_worker",),
    "admin": ("mcp_admin", "mcp_worker"),
}
ROLES = ("mcp_ingest", "mcp_worker", "mcp_admin", "mcp_tenant")
OPERATOR = "cnpg-system"
INSTANCE_STATUS = 8000  # Source: CloudNativePG, "Networking"
MOST_CONNECTIONS = "400"  # parts take about 20 a pod, pinned pods two when idle
# What no login can lift. A sort of 2 GB is more than any of ours; nobody of ours notifies, so 64 MB of
# notifications, which somebody leaves unread, are as good as the 8 GB there would be (17 and newer).
LIMITS = {"temp_file_limit": "2GB", "max_notify_queue_pages": "8192"}
PLUGIN = "barman-cloud.cloudnative-pg.io"
BACKUPS = "database-backups"
INSTANCE = Resources(cpu_request="250m", cpu_limit="2", memory_request="512Mi", memory_limit="1Gi")


KEPT = {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}
PASSWORDS = {
    "CKV_K8S_35": "read once, by the script that makes the logins of an empty database; the image"
    " reads its own only so"
}


def group_roles() -> list[str]:
    """Return SQL that a superuser runs once: group roles, and their owner's right to give them.

    From PostgreSQL 16 on a role may give away only what it has with ADMIN, and only it may make
    tenants' logins members of `mcp_tenant`.
    """
    return [
        *(f"CREATE ROLE {role} NOLOGIN" for role in ROLES),
        f"ALTER ROLE {secrets.OWNER} CREATEROLE",
        f"GRANT {', '.join(ROLES)} TO {secrets.OWNER} WITH ADMIN TRUE, INHERIT FALSE, SET TRUE",
    ]


def objects(platform: Platform, settings: Database) -> Iterator[Manifest]:
    """Give what keeps the data."""
    labels = labels_of(instance=place.DATABASE, component=place.DATABASE)
    match settings.mode:
        case "cloudnative-pg":
            yield from _cluster(platform, settings, labels)
        case "statefulset":
            yield from _small(platform, settings, labels)
        case "external":
            return


def _cluster(platform: Platform, settings: Database, labels: dict[str, str]) -> Iterator[Manifest]:
    storage: Manifest = {"size": settings.storage}
    if settings.storage_class is not None:
        storage["storageClass"] = settings.storage_class
    postgresql: Manifest = {"parameters": {"max_connections": MOST_CONNECTIONS, **LIMITS}}
    if settings.instances > 1:  # an answered webhook survives the loss of one instance
        postgresql["synchronous"] = {
            "method": "any",
            "number": 1,
            "dataDurability": "preferred",
        }
    spec: Manifest = {
        "instances": settings.instances,
        "enableSuperuserAccess": False,
        "storage": storage,
        # What its own containers take of the disk, the operator says.
        "resources": replace(INSTANCE, scratch=None).container(),
        "postgresql": postgresql,
        "bootstrap": {
            "initdb": {
                "database": settings.name,
                "owner": secrets.OWNER,
                "secret": {"name": secrets.login_secret("owner")},
                "postInitSQL": group_roles(),
            }
        },
        "managed": {
            "roles": [
                {
                    "name": secrets.LOGINS[login],
                    "ensure": "present",
                    "login": True,
                    "inherit": False,
                    "inRoles": list(groups),
                    "passwordSecret": {"name": secrets.login_secret(login)},
                }
                for login, groups in GROUPS.items()
            ]
        },
    }
    if settings.ca is not None:
        # Signed by an authority of yours, whose certificate stays: the operator's own is renewed
        # every three months, and would have to follow into every tenant's namespace.
        spec["certificates"] = {"serverCASecret": place.AUTHORITY_PAIR}
    if settings.backups is not None:
        spec["plugins"] = [
            {
                "name": PLUGIN,
                "isWALArchiver": True,
                "parameters": {"barmanObjectName": BACKUPS},
            }
        ]
    yield manifest(
        api_version="postgresql.cnpg.io/v1",
        kind="Cluster",
        name=place.DATABASE,
        namespace=place.NAMESPACE,
        labels=labels,
        annotations=KEPT,
        spec=spec,
    )
    yield network.policy(
        name=place.DATABASE,
        namespace=place.NAMESPACE,
        labels=labels,
        pods=place.database_pods(settings),
        ingress=[
            _from_us(settings),
            network.come_from(namespace=OPERATOR, ports=[INSTANCE_STATUS, settings.port]),
            network.come_from(
                namespace=place.NAMESPACE,
                ports=[INSTANCE_STATUS, settings.port],
                pods=place.database_pods(settings),
            ),
        ],
        egress=[
            *network.go_to_dns(platform.dns),
            network.go_to(
                namespace=place.NAMESPACE,
                ports=[INSTANCE_STATUS, settings.port],
                pods=place.database_pods(settings),
            ),
            *network.go_to_api_server(platform.api_server_ranges),
            network.go_to_internet(private_ranges=platform.private_ranges),
        ],
    )
    if settings.backups is not None:
        yield from _backups(settings, labels)


def _from_us(settings: Database) -> Manifest:
    """Let in the pods of every namespace that is the platform's or a tenant's."""
    ours = {"matchLabels": {"app.kubernetes.io/part-of": "mcp-platform"}}
    return {
        "from": [{"namespaceSelector": ours, "podSelector": ours}],
        "ports": [{"protocol": "TCP", "port": settings.port}],
    }


def _backups(settings: Database, labels: dict[str, str]) -> Iterator[Manifest]:
    backups = settings.backups
    if backups is None:
        return
    keys = {
        "accessKeyId": {"name": backups.secret, "key": "ACCESS_KEY_ID"},
        "secretAccessKey": {"name": backups.secret, "key": "ACCESS_SECRET_KEY"},
    }
    yield manifest(
        api_version="barmancloud.cnpg.io/v1",
        kind="ObjectStore",
        name=BACKUPS,
        namespace=place.NAMESPACE,
        labels=labels,
        spec={
            "retentionPolicy": backups.keep,
            "configuration": {
                "destinationPath": backups.destination,
                "s3Credentials": keys,
                "wal": {"compression": "gzip"},
            },
        },
    )
    yield manifest(
        api_version="postgresql.cnpg.io/v1",
        kind="ScheduledBackup",
        name=BACKUPS,
        namespace=place.NAMESPACE,
        labels=labels,
        spec={
            "schedule": backups.schedule,
            "cluster": {"name": place.DATABASE},
            "method": "plugin",
            "pluginConfiguration": {"name": PLUGIN},
            "backupOwnerReference": "self",
            "immediate": True,
        },
    )


# In the small form the owner is the server's superuser; the parts are not.
_SETUP = "setup"
_SETUP_SCRIPT = """\
\\getenv gateway GATEWAY_PASSWORD
\\getenv worker WORKER_PASSWORD
\\getenv admin ADMIN_PASSWORD
{statements}
"""


def _small(platform: Platform, settings: Database, labels: dict[str, str]) -> Iterator[Manifest]:
    image = platform.images.postgres
    selector = selector_of(instance=place.DATABASE, component=place.DATABASE)
    statements = [
        *group_roles(),
        *(
            f"CREATE ROLE {secrets.LOGINS[login]} LOGIN NOINHERIT IN ROLE {', '.join(groups)}"
            f" PASSWORD :'{login}'"
            for login, groups in GROUPS.items()
        ),
    ]
    script = _SETUP_SCRIPT.format(statements="".join(f"{each};\n" for each in statements).rstrip())
    yield workload.config_map(
        name=f"{place.DATABASE}-{_SETUP}",
        namespace=place.NAMESPACE,
        labels=labels,
        data={"roles.sql": script},
    )
    yield manifest(
        api_version="v1",
        kind="ServiceAccount",
        name=place.DATABASE,
        namespace=place.NAMESPACE,
        labels=labels,
        automountServiceAccountToken=False,
    )
    yield manifest(
        api_version="v1",
        kind="Service",
        name=place.DATABASE,
        namespace=place.NAMESPACE,
        labels=labels,
        spec={
            "clusterIP": "None",
            "selector": selector,
            "ports": [{"name": "postgres", "port": settings.port, "targetPort": "postgres"}],
        },
    )
    claim: Manifest = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": settings.storage}},
    }
    if settings.storage_class is not None:
        claim["storageClassName"] = settings.storage_class
    yield manifest(
        api_version="apps/v1",
        kind="StatefulSet",
        name=place.DATABASE,
        namespace=place.NAMESPACE,
        labels=labels,
        annotations={**KEPT, **unscanned({**workload.by_tag(image), **PASSWORDS})},
        spec={
            "replicas": 1,
            "serviceName": place.DATABASE,
            "selector": {"matchLabels": selector},
            "template": {
                "metadata": {"labels": labels},
                "spec": _small_pod(settings, image),
            },
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
        },
    )
    yield network.policy(
        name=place.DATABASE,
        namespace=place.NAMESPACE,
        labels=labels,
        pods=place.database_pods(settings),
        ingress=[_from_us(settings)],
    )


def _small_pod(settings: Database, image: str) -> Manifest:
    passwords = {
        "POSTGRES_PASSWORD": "owner",
        **{f"{login.upper()}_PASSWORD": login for login in GROUPS},
    }
    ready = {"exec": {"command": ["pg_isready", "-U", secrets.OWNER, "-d", settings.name]}}
    return {
        "serviceAccountName": place.DATABASE,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 120,  # a smart shutdown's checkpoint
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": workload.USER,
            "runAsGroup": workload.USER,
            "fsGroup": workload.USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "postgres",
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "args": [
                    part
                    for name, value in {"max_connections": MOST_CONNECTIONS, **LIMITS}.items()
                    for part in ("-c", f"{name}={value}")
                ],
                "env": [
                    {"name": "PGDATA", "value": "/var/lib/postgresql/data/files"},
                    {"name": "POSTGRES_USER", "value": secrets.OWNER},
                    {"name": "POSTGRES_DB", "value": settings.name},
                    *(
                        {
                            "name": name,
                            "valueFrom": {
                                "secretKeyRef": {
                                    "name": secrets.login_secret(login),
                                    "key": "password",
                                }
                            },
                        }
                        for name, login in passwords.items()
                    ),
                ],
                "ports": [{"name": "postgres", "containerPort": settings.port, "protocol": "TCP"}],
                "resources": INSTANCE.container(),
                "securityContext": workload.CONFINED,
                "startupProbe": {**ready, "periodSeconds": 5, "failureThreshold": 60},
                "readinessProbe": {**ready, "periodSeconds": 10, "timeoutSeconds": 5},
                "livenessProbe": {**ready, "periodSeconds": 30, "timeoutSeconds": 5},
                "volumeMounts": [
                    {"name": "data", "mountPath": "/var/lib/postgresql/data"},
                    {"name": "run", "mountPath": "/var/run/postgresql"},
                    {"name": "scratch", "mountPath": workload.SCRATCH},
                    {
                        "name": _SETUP,
                        "mountPath": "/docker-entrypoint-initdb.d",
                        "readOnly": True,
                    },
                ],
            }
        ],
        "volumes": [
            {"name": "run", "emptyDir": {"sizeLimit": "16Mi"}},
            {"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}},
            {"name": _SETUP, "configMap": {"name": f"{place.DATABASE}-{_SETUP}"}},
        ],
    }
