"""Who may talk to whom, as NetworkPolicies. They need a network plug-in that enforces them.

Kubelets' probes are always let in, so no rule speaks of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cdk8s_app.manifest import Manifest, in_namespace, manifest
from cdk8s_app.settings import NAME_SERVERS

DNS = 53
HTTPS = 443
API_SERVER = (443, 6443)  # as a service of a cloud, and as kubeadm and k3s serve it
PRIVATE_IPV6 = (
    "::1/128",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    # By these an IPv4 address, a private one too, is reached over IPv6: NAT64 (RFC 6052, RFC 8215),
    # Teredo (RFC 4380), 6to4 (RFC 3056).
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "2001::/32",
    "2002::/16",
)
# No server of anybody's is there, and the metadata service of every cloud, which hands out logins.
NEVER = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16")


def policy(
    *,
    name: str,
    namespace: str,
    labels: dict[str, str],
    pods: Mapping[str, str] | None = None,
    ingress: Sequence[Manifest] = (),
    egress: Sequence[Manifest] = (),
) -> Manifest:
    """Return a policy of both directions: what no rule of any policy allows is refused.

    Args:
        name: of the policy.
        namespace: whose pods it is about.
        labels: of the policy itself.
        pods: labels of the pods it is about. None: all of the namespace.
        ingress: rules, from the functions `come_from…`.
        egress: rules, from the functions `go_to…`.
    """
    spec: Manifest = {
        "podSelector": {"matchLabels": dict(pods)} if pods else {},
        "policyTypes": ["Ingress", "Egress"],
    }
    if ingress:
        spec["ingress"] = list(ingress)
    if egress:
        spec["egress"] = list(egress)
    return manifest(
        api_version="networking.k8s.io/v1",
        kind="NetworkPolicy",
        name=name,
        namespace=namespace,
        labels=labels,
        spec=spec,
    )


def default_deny(*, namespace: str, labels: dict[str, str]) -> Manifest:
    """Return the policy under which a namespace's pods talk to nobody."""
    return policy(name="default-deny", namespace=namespace, labels=labels)


def come_from(
    *, namespace: str, ports: Iterable[int], pods: Mapping[str, str] | None = None
) -> Manifest:
    """Let in what runs in `namespace`; only pods with the labels `pods`, where they are given."""
    return {"from": [_peer(namespace, pods)], "ports": _tcp(ports)}


def go_to(
    *, namespace: str, ports: Iterable[int], pods: Mapping[str, str] | None = None
) -> Manifest:
    """Let out to what runs in `namespace`; only to pods with the labels `pods`, where given."""
    return {"to": [_peer(namespace, pods)], "ports": _tcp(ports)}


def go_to_dns(servers: Iterable[str | Mapping[str, Any]]) -> list[Manifest]:
    """Let out to the cluster's name servers, over UDP and, for long answers, TCP.

    Args:
        servers: keys of `NAME_SERVERS`, ranges, or pods by `namespace`, `pods` and `port`.
    """
    peers: dict[int, list[Manifest]] = {}
    for named in servers:
        for each in NAME_SERVERS.get(named, (named,)) if isinstance(named, str) else (named,):
            if isinstance(each, str):
                peers.setdefault(DNS, []).append({"ipBlock": {"cidr": each}})
            else:
                found = _peer(each["namespace"], each.get("pods"))
                peers.setdefault(each.get("port", DNS), []).append(found)
    return [
        {
            "to": to,
            "ports": [{"protocol": protocol, "port": port} for protocol in ("UDP", "TCP")],
        }
        for port, to in peers.items()
    ]


def go_to_internet(*, private_ranges: Iterable[str]) -> Manifest:
    """Let out to port 443 of every address but those of `private_ranges`."""
    ranges = list(private_ranges)
    ipv4 = [each for each in ranges if ":" not in each]
    ipv6 = [each for each in ranges if ":" in each]
    return _everywhere_but([*ipv4, *NEVER], [*ipv6, *PRIVATE_IPV6], ports=[HTTPS])


def go_anywhere(*, ports: Iterable[int]) -> Manifest:
    """Let out to `ports` of every address that can be a server's, private ones included."""
    return _everywhere_but(NEVER, ["::1/128", "fe80::/10"], ports=ports)


def go_to_api_server(ranges: Sequence[str]) -> list[Manifest]:
    """Let out to where the cluster's API answers; to nobody, where that is not known."""
    return [go_to_addresses(ranges=ranges, ports=API_SERVER)] if ranges else []


def _everywhere_but(ipv4: Iterable[str], ipv6: Iterable[str], *, ports: Iterable[int]) -> Manifest:
    return {
        "to": [
            {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(dict.fromkeys(ipv4))}},
            {"ipBlock": {"cidr": "::/0", "except": sorted(set(ipv6))}},
        ],
        "ports": _tcp(ports),
    }


def go_to_addresses(*, ranges: Iterable[str], ports: Iterable[int]) -> Manifest:
    """Let out to `ports` of the addresses in `ranges`."""
    return {"to": [{"ipBlock": {"cidr": each}} for each in ranges], "ports": _tcp(ports)}


def _peer(namespace: str, pods: Mapping[str, str] | None) -> Manifest:
    peer: Manifest = {"namespaceSelector": in_namespace(namespace)}
    if pods:
        peer["podSelector"] = {"matchLabels": dict(pods)}
    return peer


def _tcp(ports: Iterable[int]) -> list[Manifest]:
    return [{"protocol": "TCP", "port": port} for port in ports]
