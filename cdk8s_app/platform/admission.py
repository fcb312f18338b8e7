"""What the cluster itself refuses: a route on another tenant's path, and a provisioner astray.

Owns two ValidatingAdmissionPolicies, for clusters that have them (Kubernetes 1.30 and newer).
"""

from collections.abc import Iterator

from cdk8s_app import place
from cdk8s_app.manifest import Manifest, labels_of, manifest
from cdk8s_app.settings import Platform

MINIMUM_MINOR = 30
_OURS = (
    "namespaceObject.metadata.labels[?'app.kubernetes.io/part-of'].orValue('') == 'mcp-platform'"
)
_PREFIX = (
    "'/' + namespaceObject.metadata.labels['mcp-platform/client']"
    " + '/' + namespaceObject.metadata.labels['mcp-platform/environment']"
)
_UNDER_PREFIX = "({path} == variables.prefix || {path}.startsWith(variables.prefix + '/'))"
_ROUTE = (
    "object.spec.rules.all(rule, has(rule.matches) && size(rule.matches) > 0 && rule.matches.all(m,"
    " has(m.path) && has(m.path.value) && m.path.?type.orValue('PathPrefix') != 'RegularExpression'"
    f" && {_UNDER_PREFIX.format(path='m.path.value')}))"
)
_INGRESS = (
    "has(object.spec.rules) && !has(object.spec.defaultBackend) && object.spec.rules.all(rule,"
    " has(rule.http) && rule.http.paths.all(p, has(p.path) && p.pathType != 'ImplementationSpecific'"
    f" && {_UNDER_PREFIX.format(path='p.path')}))"
)
_LABELLED = "{object}.metadata.?labels[?'app.kubernetes.io/part-of'].orValue('') == 'mcp-platform'"
_RESTRICTED = (
    "object.metadata.?labels[?'pod-security.kubernetes.io/enforce'].orValue('') == 'restricted'"
)
_NAMESPACE = (
    f"request.resource.resource != 'namespaces' || ({_LABELLED.format(object='object')}"
    f" && {_RESTRICTED} && (oldObject == null || {_LABELLED.format(object='oldObject')}))"
)
_SECRET = (
    f"request.resource.resource != 'secrets' || ({_OURS} &&"
    " (request.operation == 'DELETE' ? request.name : object.metadata.name) =="
    " namespaceObject.metadata.labels[?'mcp-platform/client'].orValue('') + '-credentials')"
)


def objects(platform: Platform) -> Iterator[Manifest]:
    """Give both policies, where the cluster has them."""
    if platform.minor < MINIMUM_MINOR:
        return
    yield from _policy(
        name="mcp-platform-routes",
        rules=[
            _rule("gateway.networking.k8s.io", ["httproutes"], ["CREATE", "UPDATE"]),
            _rule("networking.k8s.io", ["ingresses"], ["CREATE", "UPDATE"]),
        ],
        variables=[{"name": "prefix", "expression": _PREFIX}],
        validations=[
            {
                "expression": f"object.kind != 'HTTPRoute' || ({_ROUTE})",
                "message": "a tenant's route leads from /<client>/<environment> and nowhere else",
            },
            {
                "expression": f"object.kind != 'Ingress' || ({_INGRESS})",
                "message": "a tenant's Ingress leads from /<client>/<environment> and nowhere else",
            },
        ],
        namespaces={"matchExpressions": [{"key": "mcp-platform/client", "operator": "Exists"}]},
    )
    user = f"system:serviceaccount:{place.NAMESPACE}:{place.WRITER}"
    yield from _policy(
        name="mcp-platform-provisioner",
        rules=[_rule("", ["namespaces", "secrets"], ["CREATE", "UPDATE", "DELETE"])],
        conditions=[
            {"name": "provisioner", "expression": f"request.userInfo.username == '{user}'"}
        ],
        validations=[
            {
                "expression": "request.resource.resource != 'namespaces' || object != null",
                "message": "the provisioner deletes no namespace",
            },
            {
                "expression": f"object == null || {_NAMESPACE}",
                "message": "the provisioner keeps to namespaces of tenants, under `restricted`",
            },
            {
                "expression": _SECRET,
                "message": "the provisioner keeps to a tenant's own credentials",
            },
        ],
    )


def _policy(
    *,
    name: str,
    rules: list[Manifest],
    validations: list[Manifest],
    variables: list[Manifest] | None = None,
    conditions: list[Manifest] | None = None,
    namespaces: Manifest | None = None,
) -> Iterator[Manifest]:
    labels = labels_of(instance=place.NAMESPACE, component="admission")
    constraints: Manifest = {"resourceRules": rules}
    if namespaces is not None:
        constraints["namespaceSelector"] = namespaces
    spec: Manifest = {"failurePolicy": "Fail", "matchConstraints": constraints}
    if conditions is not None:
        spec["matchConditions"] = conditions
    if variables is not None:
        spec["variables"] = variables
    yield manifest(
        api_version="admissionregistration.k8s.io/v1",
        kind="ValidatingAdmissionPolicy",
        name=name,
        labels=labels,
        spec={**spec, "validations": validations},
    )
    yield manifest(
        api_version="admissionregistration.k8s.io/v1",
        kind="ValidatingAdmissionPolicyBinding",
        name=name,
        labels=labels,
        spec={"policyName": name, "validationActions": ["Deny"]},
    )


def _rule(group: str, resources: list[str], operations: list[str]) -> Manifest:
    return {
        "apiGroups": [group],
        "apiVersions": ["*"],
        "operations": operations,
        "resources": resources,
    }
