"""How a tenant's Secret comes into its namespace.

In Git a Secret is sealed, or fetched from a store. No function here writes a plain one.
"""

from collections.abc import Mapping

from cdk8s_app.manifest import Manifest, manifest


def sealed_secret(
    *, name: str, namespace: str, labels: dict[str, str], sealed: Mapping[str, str]
) -> Manifest:
    """Return a SealedSecret of strict scope; `sealed` are values for this very name and namespace."""
    return manifest(
        api_version="bitnami.com/v1alpha1",
        kind="SealedSecret",
        name=name,
        namespace=namespace,
        labels=labels,
        spec={
            "encryptedData": {key: sealed[key] for key in sorted(sealed)},
            "template": {"metadata": {"labels": labels}, "type": "Opaque"},
        },
    )


def external_secret(
    *,
    name: str,
    namespace: str,
    labels: dict[str, str],
    store: str,
    key: str,
    template: Mapping[str, str] | None = None,
    refresh: str = "1m0s",
) -> Manifest:
    """Return an ExternalSecret that copies every property of one entry of a store.

    Args:
        name: of it, and of the Secret that comes of it.
        namespace: of both.
        labels: of both.
        store: name of a ClusterSecretStore.
        key: of the entry in the store.
        template: values made of the properties, such as `{"url": "…{{ .password }}…"}`.
        refresh: how often the store is asked; a changed credential is seen within this time.
    """
    made: Manifest = {"metadata": {"labels": labels}}
    if template:
        made |= {"mergePolicy": "Merge", "data": dict(template)}
    return manifest(
        api_version="external-secrets.io/v1",
        kind="ExternalSecret",
        name=name,
        namespace=namespace,
        labels=labels,
        spec={
            "refreshInterval": refresh,
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": store},
            "target": {
                "name": name,
                "creationPolicy": "Owner",
                "deletionPolicy": "Retain",
                "template": made,
            },
            "dataFrom": [{"extract": {"key": key}}],
        },
    )
