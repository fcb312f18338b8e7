"""What the cluster itself refuses: a route on another tenant's path, and a provisioner astray.

They are two ValidatingAdmissionPolicies, for Kubernetes 1.30 and newer. Their expressions keep to the
core of CEL, so tests evaluate them as a server does.
"""

from collections.abc import Iterator, Mapping, Sequence

from cdk8s_app import namespace, place, routes
from cdk8s_app.config import ENVIRONMENTS
from cdk8s_app.manifest import Manifest, labels_of, manifest
from cdk8s_app.platform import logs
from cdk8s_app.settings import Platform

MINIMUM_MINOR = 30
_CLIENT, _ENVIRONMENT = "mcp-platform/client", "mcp-platform/environment"
_POD_SECURITY = "pod-security.kubernetes.io/"
_PLATFORMS = [place.NAMESPACE, logs.NAMESPACE]

# Routes. A path is literal: some controllers read these characters alone as no pattern.
_LITERAL = "^/[A-Za-z0-9/_-]+$"
_PREFIX = (
    f"'/' + namespaceObject.metadata.labels['{_CLIENT}']"
    f" + '/' + namespaceObject.metadata.labels['{_ENVIRONMENT}']"
)
_OWN_PATH = (
    f"({{path}}.matches('{_LITERAL}') &&"
    " ({path} == variables.prefix || {path}.startsWith(variables.prefix + '/')))"
)
_ROUTE = (
    "has(object.spec.rules) && object.spec.rules.all(rule, has(rule.matches)"
    " && size(rule.matches) > 0 && rule.matches.all(m, has(m.path) && has(m.path.value)"
    " && (!has(m.path.type) || m.path.type in ['PathPrefix', 'Exact'])"
    f" && {_OWN_PATH.format(path='m.path.value')}))"
)
# An annotation could make a pattern of a path, or lead a whole host elsewhere.
_INGRESS = (
    "has(object.spec.rules) && !has(object.spec.defaultBackend) && !has(object.spec.tls)"
    " && (!has(object.metadata.annotations)"
    " || object.metadata.annotations.all(key, !key.contains('ingress.kubernetes.io/')))"
    " && object.spec.rules.all(rule, has(rule.http) && rule.http.paths.all(p, has(p.path)"
    f" && p.pathType in ['Prefix', 'Exact'] && {_OWN_PATH.format(path='p.path')}))"
)

# The provisioner.
_OF_NAMESPACES = "request.resource.resource != 'namespaces'"
_OF_SECRETS = "request.resource.resource != 'secrets'"
# Whose namespace it is, from what its labels say, which must be what its name says.
_TENANTS = (
    f"(!({{it}}.metadata.name in {_PLATFORMS!r}) && has({{it}}.metadata.labels)"
    f" && {{it}}.metadata.labels['app.kubernetes.io/part-of'] == 'mcp-platform'"
    f" && {{it}}.metadata.labels['{_ENVIRONMENT}'] in {list(ENVIRONMENTS)!r}"
    f" && {{it}}.metadata.name =="
    f" {{it}}.metadata.labels['{_CLIENT}'] + '-' + {{it}}.metadata.labels['{_ENVIRONMENT}'])"
)
# On creation: everything that decides what a namespace may, and no more of it than we ask for.
_NEW = (
    f"(object.metadata.labels['{_POD_SECURITY}enforce'] == 'restricted'"
    " && object.metadata.labels.all(key,"
    f" (!key.startsWith('{_POD_SECURITY}') || (object.metadata.labels[key] == 'restricted'"
    f" && key in ['{_POD_SECURITY}enforce', '{_POD_SECURITY}audit', '{_POD_SECURITY}warn']))"
    f" && (!key.startsWith('mcp-platform/') || key in ['{_CLIENT}', '{_ENVIRONMENT}'])))"
)
_UNCHANGED = (
    "(has(object.metadata.{what}) == has(oldObject.metadata.{what})"
    " && (!has(object.metadata.{what}) || object.metadata.{what} == oldObject.metadata.{what}))"
)
_AS_IT_WAS = " && ".join(_UNCHANGED.format(what=each) for each in ("labels", "annotations"))
_SECRET_NAME = (
    "(request.operation == 'DELETE' ? request.name : object.metadata.name)"
    f" == namespaceObject.metadata.labels['{_CLIENT}'] + '-credentials'"
)


def objects(platform: Platform) -> Iterator[Manifest]:
    """Give both policies, where the cluster has them."""
    if platform.minor < MINIMUM_MINOR:
        return
    exists = {"operator": "Exists"}
    not_ours = {
        "key": "kubernetes.io/metadata.name",
        "operator": "NotIn",
        "values": [place.NAMESPACE],
    }
    yield from _policy(
        name="mcp-platform-routes",
        rules=[
            _rule(routes.GATEWAY_API, ["httproutes"], ["CREATE", "UPDATE"]),
            _rule("networking.k8s.io", ["ingresses"], ["CREATE", "UPDATE"]),
        ],
        variables=[{"name": "prefix", "expression": _PREFIX}],
        validations={
            "a tenant's route leads from /<client>/<environment> and nowhere else": (
                f"object.kind != 'HTTPRoute' || ({_ROUTE})"
            ),
            "a tenant's Ingress leads from /<client>/<environment> and nowhere else": (
                f"object.kind != 'Ingress' || ({_INGRESS})"
            ),
        },
        # Every tenant's namespace, and every other one whose routes the Gateway takes.
        bindings={
            "mcp-platform-routes": [{"key": _CLIENT, **exists}],
            "mcp-platform-routes-of-others": [
                *({"key": key, **exists} for key in namespace.ROUTED),
                not_ours,
            ],
        },
    )
    user = f"system:serviceaccount:{place.NAMESPACE}:{place.WRITER}"
    yield from _policy(
        name="mcp-platform-provisioner",
        rules=[_rule("", ["namespaces", "secrets"], ["CREATE", "UPDATE", "DELETE"])],
        conditions=[
            {"name": "provisioner", "expression": f"request.userInfo.username == '{user}'"}
        ],
        validations={
            "the provisioner deletes no namespace": (
                f"{_OF_NAMESPACES} || request.operation != 'DELETE'"
            ),
            "the provisioner makes namespaces <client>-<environment> alone, under `restricted`": (
                f"{_OF_NAMESPACES} || request.operation == 'DELETE'"
                f" || ({_TENANTS.format(it='object')}"
                f" && (request.operation == 'UPDATE' || {_NEW}))"
            ),
            "the provisioner leaves labels and annotations of a namespace as they are": (
                f"{_OF_NAMESPACES} || request.operation != 'UPDATE' || ({_AS_IT_WAS})"
            ),
            "the provisioner keeps to a tenant's own credentials": (
                f"{_OF_SECRETS} || ({_TENANTS.format(it='namespaceObject')} && {_SECRET_NAME})"
            ),
            "the provisioner makes Secrets of type Opaque alone": (
                f"{_OF_SECRETS} || request.operation == 'DELETE'"
                " || !has(object.type) || object.type == 'Opaque'"
            ),
        },
        bindings={"mcp-platform-provisioner": []},
    )


def _policy(
    *,
    name: str,
    rules: list[Manifest],
    validations: Mapping[str, str],
    bindings: Mapping[str, Sequence[Manifest]],
    variables: list[Manifest] | None = None,
    conditions: list[Manifest] | None = None,
) -> Iterator[Manifest]:
    """Give a policy and its bindings.

    Args:
        name: of the policy.
        rules: what it is asked about.
        validations: expressions by what is said where one does not hold.
        bindings: by name, which namespaces it is bound to, as `matchExpressions`. None: all.
        variables: names of expressions that others use.
        conditions: when it is asked at all.
    """
    labels = labels_of(instance=place.NAMESPACE, component="admission")
    spec: Manifest = {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": rules}}
    if conditions is not None:
        spec["matchConditions"] = conditions
    if variables is not None:
        spec["variables"] = variables
    spec["validations"] = [
        {"expression": expression, "message": message}
        for message, expression in validations.items()
    ]
    yield manifest(
        api_version="admissionregistration.k8s.io/v1",
        kind="ValidatingAdmissionPolicy",
        name=name,
        labels=labels,
        spec=spec,
    )
    for binding, expressions in bindings.items():
        bound: Manifest = {"policyName": name, "validationActions": ["Deny"]}
        if expressions:
            selector = {"matchExpressions": list(expressions)}
            bound["matchResources"] = {"namespaceSelector": selector}
        yield manifest(
            api_version="admissionregistration.k8s.io/v1",
            kind="ValidatingAdmissionPolicyBinding",
            name=binding,
            labels=labels,
            spec=bound,
        )


def _rule(group: str, resources: list[str], operations: list[str]) -> Manifest:
    return {
        "apiGroups": [group],
        "apiVersions": ["*"],
        "operations": operations,
        "resources": resources,
    }
