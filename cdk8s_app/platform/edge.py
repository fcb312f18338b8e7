"""The public address: one Gateway, or Ingresses, and where the platform's own paths lead.

Shared tenants have no routes of their own: what no longer prefix claims is the gateway's.
"""

from collections.abc import Iterator

from cdk8s_app import namespace, place, routes, workload
from cdk8s_app.manifest import Manifest, labels_of, manifest
from cdk8s_app.settings import Platform

ADMIN_PATHS = ("/api/v1/admin", "/api/v1/auth", "/console")


def objects(platform: Platform) -> Iterator[Manifest]:
    """Give the Gateway and its routes, or the Ingresses that stand for them."""
    paths = {"gateway": ("/",), "admin": ADMIN_PATHS}
    labels = labels_of(instance=place.NAMESPACE, component="edge")
    if platform.routing == "ingress":
        issuer = {"cert-manager.io/cluster-issuer": platform.cluster_issuer or ""}
        for service, prefixes in paths.items():
            yield routes.ingress(
                name=service,
                namespace=place.NAMESPACE,
                labels=labels,
                host=platform.host,
                paths=prefixes,
                service=service,
                port=workload.PORT,
                ingress_class=platform.ingress_class,
                # Of one host there is one certificate: the first Ingress names it.
                tls_secret=platform.tls_secret if service == "gateway" else None,
                annotations=issuer if platform.cluster_issuer and service == "gateway" else None,
            )
        return
    yield _gateway(platform, labels)
    for service, prefixes in paths.items():
        yield routes.http_route(
            name=service,
            namespace=place.NAMESPACE,
            labels=labels,
            host=platform.host,
            paths=prefixes,
            service=service,
            port=workload.PORT,
            gateway_namespace=place.NAMESPACE,
        )
    yield _to_https(platform, labels)


def _gateway(platform: Platform, labels: dict[str, str]) -> Manifest:
    hostname = {} if platform.host is None else {"hostname": platform.host}
    issuer = platform.cluster_issuer
    # A kind that the admission policy does not know would lead from wherever it likes.
    kinds = [{"group": routes.GATEWAY_API, "kind": "HTTPRoute"}]
    routed = {"from": "Selector", "selector": {"matchLabels": namespace.ROUTED}}
    return manifest(
        api_version=f"{routes.GATEWAY_API}/v1",
        kind="Gateway",
        name=routes.GATEWAY,
        namespace=place.NAMESPACE,
        labels=labels,
        annotations={"cert-manager.io/cluster-issuer": issuer} if issuer else None,
        spec={
            "gatewayClassName": platform.gateway_class,
            "listeners": [
                {
                    "name": routes.LISTENER,
                    "port": 443,
                    "protocol": "HTTPS",
                    **hostname,
                    "tls": {
                        "mode": "Terminate",
                        "certificateRefs": [
                            {"group": "", "kind": "Secret", "name": platform.tls_secret}
                        ],
                    },
                    "allowedRoutes": {"namespaces": routed, "kinds": kinds},
                },
                {
                    "name": "http",
                    "port": 80,
                    "protocol": "HTTP",
                    **hostname,
                    "allowedRoutes": {"namespaces": {"from": "Same"}, "kinds": kinds},
                },
            ],
        },
    )


def _to_https(platform: Platform, labels: dict[str, str]) -> Manifest:
    redirect = {"scheme": "https", "statusCode": 301}
    return manifest(
        api_version=f"{routes.GATEWAY_API}/v1",
        kind="HTTPRoute",
        name="to-https",
        namespace=place.NAMESPACE,
        labels=labels,
        spec={
            "parentRefs": [
                {
                    "group": routes.GATEWAY_API,
                    "kind": "Gateway",
                    "name": routes.GATEWAY,
                    "sectionName": "http",
                }
            ],
            **({} if platform.host is None else {"hostnames": [platform.host]}),
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                    "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}],
                }
            ],
        },
    )
