"""The objects of one tenant: those of an isolated one, and the few of a shared one.

This module says which there are. The module of each concern says how they look.
"""

from collections.abc import Iterator
from typing import Literal

from cdk8s_app import (
    access,
    credentials,
    monitoring,
    namespace,
    network,
    place,
    routes,
    scaling,
    workload,
)
from cdk8s_app.config import Tenant
from cdk8s_app.manifest import Manifest, labels_of, selector_of
from cdk8s_app.settings import Database, Platform

NAME = "assistant"
"""Of everything in an isolated tenant's namespace that serves it."""
SETTINGS = "settings"
KEYS = "token-keys"
MINIMUM_KUBERNETES = "1.25"
"""Pod Security admission is stable, and policy/v1 and autoscaling/v2 are the only versions."""


def tenant_objects(tenant: Tenant, *, platform: Platform, database: Database) -> list[Manifest]:
    """Return everything in the tenant's folder, in the order in which it may be applied."""
    labels = _labels(tenant)
    objects = [
        namespace.namespace(name=tenant.namespace, labels=labels, routed=tenant.isolated),
        *_secret(tenant, platform),
    ]
    if tenant.isolated:
        objects += _isolated(tenant, platform, database)
    else:
        objects += access.access(
            role="credentials-reader",
            group="",
            resource="secrets",
            name=tenant.secret,
            namespace=tenant.namespace,
            labels=labels,
            verbs=["get"],
            accounts=place.READERS,
            accounts_namespace=place.NAMESPACE,
        )
    return objects


def _labels(tenant: Tenant) -> dict[str, str]:
    return labels_of(
        instance=tenant.namespace,
        component=NAME,
        client=tenant.client,
        environment=tenant.environment,
    )


def _secret(tenant: Tenant, platform: Platform) -> Iterator[Manifest]:
    """Give the Secret's form in Git, if it has one, and what the provisioner may do with it."""
    labels = _labels(tenant)
    if platform.credentials == "sealed" and tenant.credentials.sealed:
        yield credentials.sealed_secret(
            name=tenant.secret,
            namespace=tenant.namespace,
            labels=labels,
            sealed=tenant.credentials.sealed,
        )
    if platform.credentials == "external":
        yield credentials.external_secret(
            name=tenant.secret,
            namespace=tenant.namespace,
            labels=labels,
            store=platform.secret_store,
            key=tenant.path,
        )
    # Where a controller makes the Secret, the provisioner reads it all the same: it runs the doctor
    # for the part `admin`, and takes Meta's override away when a tenant leaves.
    verbs = ["get", "update", "patch", "delete"] if platform.credentials == "platform" else ["get"]
    yield from access.access(
        role="credentials-writer" if platform.credentials == "platform" else "credentials-examiner",
        group="",
        resource="secrets",
        name=tenant.secret,
        namespace=tenant.namespace,
        labels=labels,
        verbs=verbs,
        accounts=[place.WRITER],
        accounts_namespace=place.NAMESPACE,
    )


def _isolated(tenant: Tenant, platform: Platform, database: Database) -> Iterator[Manifest]:
    where, labels = tenant.namespace, _labels(tenant)
    selector = selector_of(instance=where, component=NAME)
    fewest, most = 1, scaling.most_of(tenant.environment)
    pods = fewest if platform.tenant_autoscaling == "off" else most
    settings = _settings(tenant, platform, database, pods=pods)
    keys = {f"{kid}.pub.pem": pem for kid, pem in platform.token_keys.items()}

    yield namespace.service_account(name=NAME, namespace=where, labels=labels)
    yield namespace.resource_quota(namespace=where, labels=labels)
    yield namespace.limit_range(namespace=where, labels=labels, each=tenant.resources)
    yield network.default_deny(namespace=where, labels=labels)
    yield _traffic(tenant, platform, database)
    yield workload.config_map(name=SETTINGS, namespace=where, labels=labels, data=settings)
    mounts = [workload.Mount(name="credentials", path=workload.CREDENTIALS, secret=tenant.secret)]
    if keys:
        yield workload.config_map(name=KEYS, namespace=where, labels=labels, data=keys)
        mounts.append(workload.Mount(name=KEYS, path=workload.TOKEN_KEYS, config_map=KEYS))
    if database.ca is not None:
        yield authority(database.ca, namespace=where, labels=labels)
        mounts.append(AUTHORITY)
    yield workload.deployment(
        name=NAME,
        namespace=where,
        labels=labels,
        selector=selector,
        image=platform.image,
        parts=["gateway", "worker"],
        settings=SETTINGS,
        checksum=workload.checksum(settings, keys, database.ca, tenant.credentials.checksum),
        resources=tenant.resources,
        account=NAME,
        mounts=mounts,
        replicas=fewest if platform.tenant_autoscaling == "off" else None,
    )
    yield from access.access(
        role="rollout-examiner",
        group="apps",
        resource="deployments",
        name=NAME,
        namespace=where,
        labels=labels,
        verbs=["get"],  # the provisioner's doctor says how a rollout stands
        accounts=[place.WRITER],
        accounts_namespace=place.NAMESPACE,
    )
    yield from autoscaler(
        platform.tenant_autoscaling,
        platform=platform,
        name=NAME,
        namespace=where,
        labels=labels,
        fewest=fewest,
        most=most,
        # A request is small, so that many fit a node: of that much a pod takes 70 % at rest.
        cpu=scaling.share_of(tenant.resources.cpu_limit),
    )
    yield workload.disruption_budget(name=NAME, namespace=where, labels=labels, selector=selector)
    yield workload.service(name=NAME, namespace=where, labels=labels, selector=selector)
    yield _route(tenant, platform)
    if platform.monitoring:
        yield monitoring.service_monitor(
            name=NAME, namespace=where, labels=labels, selector=selector
        )


def _settings(
    tenant: Tenant, platform: Platform, database: Database, *, pods: int
) -> dict[str, str]:
    """Return the pod's settings. No business data: that is in the database."""
    made = {
        **platform.proxies,
        **platform.settings,
        **workload.IN_A_CONTAINER,
        "CLIENT_NAME": tenant.client,
        "ENVIRONMENT": tenant.environment,
        "DATABASE_URL": place.database_url(database),
        **verified(database),
        "CREDENTIALS_MOUNT": workload.CREDENTIALS,
        "WORKER_PROCESSES": str(pods),  # without Redis they share the number's pace beforehand
    }
    if platform.token_keys:
        made["JWT_KEYS_DIR"] = workload.TOKEN_KEYS
    if platform.public_url is not None:
        made["PUBLIC_URL"] = platform.public_url
    return made


def _traffic(tenant: Tenant, platform: Platform, database: Database) -> Manifest:
    ingress = [
        network.come_from(namespace=platform.gateway_namespace, ports=[workload.PORT]),
    ]
    if platform.monitoring:
        ingress.append(
            network.come_from(
                namespace=platform.monitoring_namespace, ports=[workload.INTERNAL_PORT]
            )
        )
    return network.policy(
        name=NAME,
        namespace=tenant.namespace,
        labels=_labels(tenant),
        pods=selector_of(instance=tenant.namespace, component=NAME),
        ingress=ingress,
        egress=[
            *network.go_to_dns(platform.dns),
            to_database(database),
            network.go_to_internet(private_ranges=platform.private_ranges),
        ],
    )


def to_database(database: Database) -> Manifest:
    """Return the rule that lets pods reach Postgres, wherever it is."""
    pods = place.database_pods(database)
    if pods is None:
        address = place.database_address(database)
        ranges = database.ranges or ([] if address is None else [address])
        if not ranges:  # a name, and policies know no names
            return network.go_anywhere(ports=[database.port])
        return network.go_to_addresses(ranges=ranges, ports=[database.port])
    return network.go_to(namespace=place.NAMESPACE, pods=pods, ports=[database.port])


AUTHORITY = workload.Mount(
    name=place.AUTHORITY, path=workload.DATABASE_CA, config_map=place.AUTHORITY
)


def authority(ca: str, *, namespace: str, labels: dict[str, str]) -> Manifest:
    """Return the ConfigMap with the certificate by which Postgres' own is proved."""
    return workload.config_map(
        name=place.AUTHORITY, namespace=namespace, labels=labels, data={place.AUTHORITY_KEY: ca}
    )


def verified(database: Database) -> dict[str, str]:
    """Return by which variables of libpq each connection proves the server, whatever its URL."""
    if database.ca is None:
        return {}
    return {
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": f"{workload.DATABASE_CA}/{place.AUTHORITY_KEY}",
    }


def autoscaler(
    by: Literal["cpu", "queue", "off"],
    *,
    platform: Platform,
    name: str,
    namespace: str,
    labels: dict[str, str],
    fewest: int,
    most: int,
    cpu: str | None = None,
) -> Iterator[Manifest]:
    """Give what scales Deployment `name`, if anything does; `cpu` as `scaling.by_cpu` takes it."""
    match by:
        case "cpu":
            yield scaling.by_cpu(
                name=name, namespace=namespace, labels=labels, fewest=fewest, most=most, cpu=cpu
            )
        case "queue":
            yield scaling.by_waiting_time(
                name=name,
                namespace=namespace,
                labels=labels,
                fewest=fewest,
                most=most,
                prometheus_url=platform.prometheus_url,
            )
        case "off":
            return


def _route(tenant: Tenant, platform: Platform) -> Manifest:
    if platform.routing == "ingress":
        return routes.ingress(
            name=NAME,
            namespace=tenant.namespace,
            labels=_labels(tenant),
            host=platform.host,
            paths=[f"/{tenant.path}"],
            service=NAME,
            port=workload.PORT,
            ingress_class=platform.ingress_class,
        )
    return routes.http_route(
        name=NAME,
        namespace=tenant.namespace,
        labels=_labels(tenant),
        host=platform.host,
        paths=[f"/{tenant.path}"],
        service=NAME,
        port=workload.PORT,
        gateway_namespace=place.NAMESPACE,
    )
