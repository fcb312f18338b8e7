"""What all tenants share: servers that keep data, and the platform's own parts.

Two folders, since the second cannot start before the first is there: `data` (namespace, Postgres,
Valkey, the forms of Secrets) and `platform` (the migration, then the parts).
"""

from cdk8s_app import namespace, network, place, tenant
from cdk8s_app.manifest import Manifest, labels_of
from cdk8s_app.platform import (
    admission,
    alerts,
    cache,
    dashboards,
    database,
    edge,
    logs,
    migration,
    parts,
    secrets,
)
from cdk8s_app.settings import Database, Platform


def data_objects(platform: Platform, settings: Database) -> list[Manifest]:
    """Return what stands in folder `data`."""
    labels = labels_of(instance=place.NAMESPACE, component="platform")
    return [
        namespace.namespace(name=place.NAMESPACE, labels=labels, routed=True),
        network.default_deny(namespace=place.NAMESPACE, labels=labels),
        *secrets.external_secrets(platform, settings),
        *database.objects(platform, settings),
        *(
            [tenant.authority(settings.ca, namespace=place.NAMESPACE, labels=labels)]
            if settings.ca is not None
            else ()
        ),
        *(cache.objects(platform.images.valkey) if platform.redis == "valkey" else ()),
        *logs.objects(platform),
    ]


def platform_objects(platform: Platform, settings: Database) -> list[Manifest]:
    """Return what stands in folder `platform`."""
    return [
        *parts.common(platform, settings),
        *migration.objects(platform, settings),
        *parts.objects(platform, settings),
        *edge.objects(platform),
        *admission.objects(platform),
        *(alerts.objects() if platform.monitoring else ()),
        *(dashboards.objects() if platform.monitoring else ()),
    ]
