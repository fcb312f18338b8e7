"""What an account may do in a tenant's namespace: to one object, by its name."""

from collections.abc import Iterable

from cdk8s_app.manifest import Manifest, manifest


def access(
    *,
    role: str,
    group: str,
    resource: str,
    name: str,
    namespace: str,
    labels: dict[str, str],
    verbs: Iterable[str],
    accounts: Iterable[str],
    accounts_namespace: str,
) -> tuple[Manifest, Manifest]:
    """Return the Role and RoleBinding by which `accounts` may do `verbs` to one object, by name."""
    rule = {
        "apiGroups": [group],
        "resources": [resource],
        "resourceNames": [name],
        "verbs": list(verbs),
    }
    return (
        manifest(
            api_version="rbac.authorization.k8s.io/v1",
            kind="Role",
            name=role,
            namespace=namespace,
            labels=labels,
            rules=[rule],
        ),
        manifest(
            api_version="rbac.authorization.k8s.io/v1",
            kind="RoleBinding",
            name=role,
            namespace=namespace,
            labels=labels,
            roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
            subjects=[
                {"kind": "ServiceAccount", "name": account, "namespace": accounts_namespace}
                for account in accounts
            ],
        ),
    )
