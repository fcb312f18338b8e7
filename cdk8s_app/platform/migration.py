"""The Job that brings the database to the image's release, before any part of that release starts.

It has a copy of the settings for itself: what the parts read changes only after it has succeeded.
"""

from collections.abc import Iterator

from cdk8s_app import place, workload
from cdk8s_app.manifest import Manifest, labels_of, manifest, unscanned
from cdk8s_app.platform import parts, secrets
from cdk8s_app.quantities import Resources
from cdk8s_app.settings import Database, Platform

NAME = "migrate"
# A hook of the sync itself, not before it: its settings and account are made by the same sync.
HOOK = {
    "argocd.argoproj.io/hook": "Sync",
    "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
    "argocd.argoproj.io/sync-wave": "1",
}
RESOURCES = Resources(
    cpu_request="100m", cpu_limit="1", memory_request="192Mi", memory_limit="384Mi"
)
LONGEST_S = 1800
MISCONFIGURED = 78  # how the service's commands end where trying again changes nothing


def objects(platform: Platform, database: Database) -> Iterator[Manifest]:
    """Give the Job, its account and whom it may talk to."""
    labels = labels_of(instance=place.NAMESPACE, component=NAME)
    yield from parts.account(NAME, labels=labels)
    yield parts.policy(
        NAME, labels=labels, ingress=[], egress=parts.to_servers(platform, database, redis=False)
    )
    yield workload.config_map(
        name=NAME,
        namespace=place.NAMESPACE,
        labels=labels,
        data=parts.settings_of(platform, database),
    )
    yield manifest(
        api_version="batch/v1",
        kind="Job",
        name=NAME,
        namespace=place.NAMESPACE,
        labels=labels,
        annotations={**HOOK, **unscanned(workload.LOGIN_IN_ENVIRONMENT)},
        spec={
            "backoffLimit": 4,
            "activeDeadlineSeconds": LONGEST_S,
            **_given_up_at_once(platform),
            "template": {
                "metadata": {"labels": labels},
                "spec": workload.pod(
                    container={
                        **workload.container(
                            image=platform.image, arguments=["migrate"], resources=RESOURCES
                        ),
                        **workload.environment(
                            settings=NAME,
                            secret_settings={
                                "DATABASE_URL": (secrets.login_secret("owner"), secrets.URL)
                            },
                        ),
                    },
                    account=NAME,
                    mounts=parts.authorities(database),
                    restart="Never",
                ),
            },
        },
    )


def _given_up_at_once(platform: Platform) -> Manifest:
    """Return by which exit status the Job is over without another try; known from 1.26 on."""
    if platform.minor < 26:  # noqa: PLR2004  # as said
        return {}
    codes = {
        "containerName": workload.CONTAINER,
        "operator": "In",
        "values": [MISCONFIGURED],
    }
    return {"podFailurePolicy": {"rules": [{"action": "FailJob", "onExitCodes": codes}]}}
