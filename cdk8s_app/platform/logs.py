"""Filebeat on every node, for Elasticsearch: it reads our containers' logs and nothing else.

In a namespace of its own, since it needs the node's file system, which no other pod of ours may see.
Logs are ECS JSON already; phone numbers and texts are masked before they are written.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from cdk8s_app import namespace, network, workload
from cdk8s_app.manifest import Manifest, labels_of, manifest, selector_of, unscanned
from cdk8s_app.quantities import Resources
from cdk8s_app.settings import Logs, Platform

NAME = "filebeat"
NAMESPACE = "mcp-platform-logs"
RESOURCES = Resources(
    cpu_request="50m", cpu_limit="500m", memory_request="128Mi", memory_limit="256Mi"
)
REASONS = {
    "CKV_K8S_23": "log files of containers are the node's root's",
    "CKV_K8S_29": "as above: root, with everything else taken away",
    "CKV_K8S_40": "as above",
    "CKV_K8S_25": "DAC_READ_SEARCH lets it read those files, and write none",
    "CKV_K8S_35": "Filebeat takes its key from its environment, not from a file",
    "CKV_K8S_9": "nobody sends to it: there is nothing to be ready for",
}
# Containers of the service are called `service` for every tenant: no API is asked whose it is.
CONFIGURATION = """\
filebeat.inputs:
  - type: filestream
    id: mcp-platform
    paths: [/var/log/containers/*_service-*.log]
    prospector.scanner.symlinks: true
    parsers:
      - container: {stream: all, format: auto}
      - ndjson: {target: "", overwrite_keys: true, add_error_key: true}
processors:
  - dissect:
      tokenizer: "/var/log/containers/%{pod.name}_%{namespace}_%{container.name}-%{container.id}.log"
      field: log.file.path
      target_prefix: kubernetes
output.elasticsearch:
  hosts: ["${ELASTICSEARCH}"]
  api_key: "${API_KEY}"
path.data: /var/lib/filebeat
logging.to_files: false
http.enabled: false
"""


def objects(platform: Platform) -> Iterator[Manifest]:
    """Give everything, where `platform.logs` says whereto."""
    logs = platform.logs
    if logs is None:
        return
    image = platform.images.filebeat
    labels = labels_of(instance=NAMESPACE, component=NAME)
    selector = selector_of(instance=NAMESPACE, component=NAME)
    yield namespace.namespace(name=NAMESPACE, labels=labels, security="privileged")
    yield namespace.service_account(name=NAME, namespace=NAMESPACE, labels=labels)
    yield workload.config_map(
        name=NAME, namespace=NAMESPACE, labels=labels, data={"filebeat.yml": CONFIGURATION}
    )
    yield network.policy(name=f"{NAME}-default-deny", namespace=NAMESPACE, labels=labels)
    yield network.policy(
        name=NAME,
        namespace=NAMESPACE,
        labels=labels,
        pods=selector,
        egress=[*network.go_to_dns(platform.dns), _to_elasticsearch(logs)],
    )
    yield manifest(
        api_version="apps/v1",
        kind="DaemonSet",
        name=NAME,
        namespace=NAMESPACE,
        labels=labels,
        annotations=unscanned({**workload.by_tag(image), **REASONS}),
        spec={
            "selector": {"matchLabels": selector},
            "template": {
                "metadata": {
                    "labels": labels,
                    "annotations": {"mcp-platform/checksum": workload.checksum(CONFIGURATION)},
                },
                "spec": _pod(logs, image),
            },
        },
    )


def _to_elasticsearch(logs: Logs) -> Manifest:
    """Return the rule that leads there: to its port, and nowhere else where its ranges are said."""
    address = urlsplit(logs.elasticsearch)
    ports = [address.port or (443 if address.scheme == "https" else 80)]
    if logs.ranges:
        return network.go_to_addresses(ranges=logs.ranges, ports=ports)
    return network.go_anywhere(ports=ports)  # policies know no names; what leaves are masked logs


def _pod(logs: Logs, image: str) -> Manifest:
    return {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}],
        "containers": [
            {
                "name": NAME,
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "args": ["-e", "-c", "/etc/filebeat/filebeat.yml"],
                "env": [
                    {"name": "ELASTICSEARCH", "value": logs.elasticsearch},
                    {
                        "name": "API_KEY",
                        "valueFrom": {"secretKeyRef": {"name": logs.secret, "key": "api_key"}},
                    },
                ],
                "resources": RESOURCES.container(),
                "securityContext": {
                    "runAsUser": 0,  # a container's log files are the node's root's
                    "allowPrivilegeEscalation": False,
                    "privileged": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"], "add": ["DAC_READ_SEARCH"]},
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "livenessProbe": {
                    "exec": {
                        "command": [
                            "filebeat",
                            "test",
                            "config",
                            "-c",
                            "/etc/filebeat/filebeat.yml",
                        ]
                    },
                    "periodSeconds": 300,
                    "timeoutSeconds": 30,
                },
                "volumeMounts": [
                    {"name": "configuration", "mountPath": "/etc/filebeat", "readOnly": True},
                    {"name": "logs", "mountPath": "/var/log", "readOnly": True},
                    {"name": "progress", "mountPath": "/var/lib/filebeat"},
                ],
            }
        ],
        "volumes": [
            {"name": "configuration", "configMap": {"name": NAME, "defaultMode": 0o440}},
            {"name": "logs", "hostPath": {"path": "/var/log", "type": "Directory"}},
            {
                "name": "progress",
                "hostPath": {"path": "/var/lib/mcp-platform-filebeat", "type": "DirectoryOrCreate"},
            },
        ],
    }
