"""What a cluster's controllers make of Deployments and Jobs: pods, their replacement, an outcome.

It does rolling updates, as far as quotas can hold them up, and ends Jobs. Pods are ready as soon as
they are made. One that goes counts until its Deployment has settled: the most a quota must hold.
Source: kubernetes.io/docs/concepts/workloads/controllers/deployment/
"""

import hashlib
import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from mcp_platform.simulators.control import Faults
from mcp_platform.simulators.kubernetes.errors import StatusError
from mcp_platform.simulators.kubernetes.kinds import DEPLOYMENTS, EVENTS, JOBS, PODS, QUOTAS
from mcp_platform.simulators.kubernetes.objects import Cluster, Object

JOB_FAILS = "job_fails"
"""Fault: the Job that is made next comes to no good end."""
WATCHED = (DEPLOYMENTS, JOBS, PODS, QUOTAS)
"""Kinds whose change gives the controllers something to do."""
_MANAGER = "kube-controller-manager"
_TEMPLATE = "pod-template-hash"


class Controllers:
    """Brings what runs in a namespace to what is asked for there."""

    def __init__(self, cluster: Cluster, faults: Faults) -> None:
        self._cluster = cluster
        self._faults = faults
        self._numbers = count(1)

    def settle(self, namespace: str) -> None:
        """Do what the controllers of every Deployment and Job have to do."""
        deployments = list(self._cluster.every("apps", "deployments", namespace))
        names = {each["metadata"]["name"] for each in deployments}
        for pod in list(self._cluster.every("", "pods", namespace)):
            if _owner(pod) not in names:
                self._cluster.delete(PODS, namespace, pod["metadata"]["name"])
        for deployment in deployments:
            self._roll(deployment)
        for job in self._cluster.every("batch", "jobs", namespace):
            if not job.get("status"):
                self._end(job)

    def _end(self, job: Object) -> None:
        about = job["metadata"]
        struck = self._faults.take(JOB_FAILS, name=about["name"], namespace=about["namespace"])
        why: dict[str, str] = {"type": "Complete", "status": "True"}
        if struck is not None:
            said = "Job has reached the specified backoff limit"
            why = {
                "type": "Failed",
                "status": "True",
                "reason": "BackoffLimitExceeded",
                "message": str(struck.params.get("message", said)),
            }
        self._cluster.tell_status(JOBS, about["namespace"], about["name"], {"conditions": [why]})

    def _roll(self, deployment: Object) -> None:
        stands_still = None
        while stands_still is None:
            try:
                if not self._step(deployment):
                    break
            except StatusError as refusal:
                self._tell(deployment, str(refusal))
                if not self._sweep(deployment):
                    stands_still = str(refusal)
        self._sweep(deployment)
        new = [each for each in self._pods(deployment) if _template(each) == _digest(deployment)]
        progress: dict[str, str] = {"type": "Progressing", "status": "True"}
        if stands_still is not None:
            progress = {**progress, "status": "False", "reason": "ProgressDeadlineExceeded"}
        failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
        conditions = [progress, *([{**failure, "message": stands_still}] if stands_still else ())]
        there = len(list(self._pods(deployment)))
        self._cluster.tell_status(
            DEPLOYMENTS,
            deployment["metadata"]["namespace"],
            deployment["metadata"]["name"],
            {
                "replicas": there,
                "readyReplicas": there,
                "availableReplicas": there,
                "updatedReplicas": len(new),
                "conditions": conditions,
            },
        )

    def _step(self, deployment: Object) -> bool:
        """Do the next thing of a rolling update; return whether there was one."""
        spec = deployment["spec"]
        wanted = spec.get("replicas", 1)
        rolling = spec.get("strategy", {}).get("rollingUpdate", {})
        pods = list(self._pods(deployment))
        new = [each for each in pods if _template(each) == _digest(deployment)]
        old = [each for each in pods if each not in new]
        spare = len(pods) - (wanted - int(rolling.get("maxUnavailable", 0)))
        going = [*old, *new[wanted:]]
        if spare > 0 and going:
            going[0]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
            return True
        if len(new) < wanted and len(pods) < wanted + int(rolling.get("maxSurge", 1)):
            self._start(deployment)
            return True
        return False

    def _start(self, deployment: Object) -> None:
        about, template = deployment["metadata"], deployment["spec"]["template"]
        labels = {**template["metadata"]["labels"], _TEMPLATE: _digest(deployment)}
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": about["name"]}
        name = f"{about['name']}-{_digest(deployment)}-{next(self._numbers)}"
        metadata = {"name": name, "labels": labels, "ownerReferences": [owner]}
        pod = {"metadata": metadata, "spec": template["spec"], "status": {"phase": "Running"}}
        self._cluster.create(PODS, about["namespace"], pod, manager=_MANAGER)

    def _pods(self, deployment: Object, *, going: bool = False) -> Iterator[Object]:
        about = deployment["metadata"]
        for pod in self._cluster.every("", "pods", about["namespace"]):
            if _owner(pod) == about["name"] and going == ("deletionTimestamp" in pod["metadata"]):
                yield pod

    def _sweep(self, deployment: Object) -> bool:
        """Let the pods that go be gone; return whether there were any."""
        gone = list(self._pods(deployment, going=True))
        for pod in gone:
            self._cluster.delete(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])
        return bool(gone)

    def _tell(self, deployment: Object, message: str) -> None:
        about = deployment["metadata"]
        event: dict[str, Any] = {
            "metadata": {"name": f"{about['name']}.{next(self._numbers)}"},
            "reason": "FailedCreate",
            "message": f"Error creating: {message}",
            "involvedObject": {"kind": "Deployment", "name": about["name"]},
        }
        self._cluster.create(EVENTS, about["namespace"], event, manager=_MANAGER)


def _owner(pod: Object) -> str:
    return str(pod["metadata"].get("ownerReferences", [{"name": ""}])[0]["name"])


def _template(pod: Object) -> str:
    return str(pod["metadata"]["labels"][_TEMPLATE])


def _digest(deployment: Object) -> str:
    template = json.dumps(deployment["spec"]["template"], sort_keys=True)
    return hashlib.sha256(template.encode()).hexdigest()[:10]
