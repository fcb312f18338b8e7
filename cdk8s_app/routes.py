"""Which paths of the public address lead where.

The routes are for the Gateway API and, on request, for an Ingress controller. Paths are never
rewritten: a pinned pod knows its own, and the signature is over the body alone.
"""

from collections.abc import Sequence

from cdk8s_app.manifest import Manifest, manifest

GATEWAY_API = "gateway.networking.k8s.io"
GATEWAY = "mcp-platform"
LISTENER = "https"
# /chat answers when its turn is over: 40 s for the model and some for the rest.
TIMEOUT = "60s"


def http_route(
    *,
    name: str,
    namespace: str,
    labels: dict[str, str],
    host: str | None,
    paths: Sequence[str],
    service: str,
    port: int,
    gateway_namespace: str,
    timeout: str = TIMEOUT,
) -> Manifest:
    """Return an HTTPRoute of path prefixes to one Service; the longest prefix of all routes wins."""
    spec: Manifest = {
        "parentRefs": [
            {
                "group": GATEWAY_API,
                "kind": "Gateway",
                "name": GATEWAY,
                "namespace": gateway_namespace,
                "sectionName": LISTENER,
            }
        ]
    }
    if host is not None:
        spec["hostnames"] = [host]
    spec["rules"] = [
        {
            "matches": [{"path": {"type": "PathPrefix", "value": path}} for path in paths],
            "backendRefs": [
                {"group": "", "kind": "Service", "name": service, "port": port, "weight": 1}
            ],
            "timeouts": {"request": timeout},
        }
    ]
    return manifest(
        api_version=f"{GATEWAY_API}/v1",
        kind="HTTPRoute",
        name=name,
        namespace=namespace,
        labels=labels,
        spec=spec,
    )


def ingress(
    *,
    name: str,
    namespace: str,
    labels: dict[str, str],
    host: str | None,
    paths: Sequence[str],
    service: str,
    port: int,
    ingress_class: str,
    tls_secret: str | None = None,
    annotations: dict[str, str] | None = None,
) -> Manifest:
    """Return an Ingress of path prefixes to one Service.

    Its controller has to merge Ingresses of one host from several namespaces: Traefik, HAProxy and
    Kong do; F5's NGINX takes the oldest alone.
    """
    backend = {"service": {"name": service, "port": {"number": port}}}
    rule: Manifest = {
        "http": {
            "paths": [{"path": path, "pathType": "Prefix", "backend": backend} for path in paths]
        }
    }
    spec: Manifest = {"ingressClassName": ingress_class}
    if host is not None:
        rule = {"host": host, **rule}
        if tls_secret is not None:
            spec["tls"] = [{"hosts": [host], "secretName": tls_secret}]
    return manifest(
        api_version="networking.k8s.io/v1",
        kind="Ingress",
        name=name,
        namespace=namespace,
        labels=labels,
        annotations=annotations,
        spec={**spec, "rules": [rule]},
    )
