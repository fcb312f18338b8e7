"""What must hold of every object, whatever the fleet; the service's side of an agreement included."""

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from cdk8s_app import argocd, config, network, place, scaling, settings, workload
from cdk8s_app.manifest import Manifest
from cdk8s_app.platform import alerts, dashboards, database, logs, parts, secrets
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.settings import PARTS, Settings
from mcp_platform.tenants import cluster_names
from mcp_platform.tenants.credentials import KEYS
from tests.cases import cases
from tests.kit.test_metrics import METRICS
from tests.manifests import fleets


@functools.cache
def objects() -> list[tuple[str, str, Manifest]]:
    """Return each object with its fleet and its folder. To make them takes seconds."""
    return [
        (variant, folder, each)
        for variant in fleets.VARIANTS
        for folder, each in fleets.objects(variant)
    ]


WITH_AUTHORITY = {
    variant for variant in fleets.VARIANTS if fleets.fleet(variant).database.ca is not None
}
OTHERS_IMAGES = {*asdict(settings.Images()).values(), fleets.DIGESTED}
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def of_kind(*kinds: str) -> list[tuple[str, str, Manifest]]:
    return [each for each in objects() if each[2]["kind"] in kinds]


def pod_of(each: Manifest) -> Manifest:
    pod: Manifest = each["spec"]["template"]["spec"]
    return pod


def pods() -> list[tuple[str, str, Manifest]]:
    return of_kind("Deployment", "StatefulSet", "DaemonSet", "Job")


@cases(
    "variant, folder, each",
    lambda: [each for each in of_kind("ConfigMap") if each[2]["metadata"]["name"] == "settings"],
)
def test_addresses_behind_the_gateway_are_the_clients_own(
    variant: str, folder: str, each: Manifest
) -> None:
    assert each["data"]["TRUSTED_PROXIES"] == "1"
    assert not Settings(
        public_url="https://wa.example.com", trusted_proxies=each["data"]["TRUSTED_PROXIES"]
    ).lacks_proxies(["admin"])


@cases(
    "variant, folder, each",
    lambda: [each for each in of_kind("NetworkPolicy") if each[1] != "data"],
)
def test_nothing_but_the_gateways_proxies_reaches_the_public_port(
    variant: str, folder: str, each: Manifest
) -> None:
    """Whatever else does could say by `X-Forwarded-For` that it comes from anywhere."""
    proxies = fleets.fleet(variant).platform.gateway_namespace
    allowed = network.come_from(namespace=proxies, ports=[workload.PORT])["from"]
    for rule in each["spec"].get("ingress", ()):
        ports = [port["port"] for port in rule["ports"]]
        assert workload.PORT not in ports or rule["from"] == allowed


def test_a_fleet_behind_another_proxy_says_so_itself() -> None:
    behind = settings.Platform(settings={"TRUSTED_PROXIES": "2"})
    [found] = [
        each
        for each in parts.common(behind, settings.Database())
        if each["metadata"]["name"] == "settings"
    ]
    assert found["data"]["TRUSTED_PROXIES"] == "2"


def test_there_is_no_plain_secret() -> None:
    assert not of_kind("Secret")
    assert len(of_kind("SealedSecret")) == 2
    assert len(of_kind("ExternalSecret")) > 5


@cases("variant, folder, each", objects)
def test_names_and_labels_are_what_kubernetes_takes(
    variant: str, folder: str, each: Manifest
) -> None:
    metadata = each["metadata"]

    assert NAME.fullmatch(metadata["name"])
    assert NAME.fullmatch(metadata.get("namespace", "none"))
    assert all(len(value) <= 63 for value in metadata["labels"].values())
    assert metadata["labels"]["app.kubernetes.io/part-of"] == "mcp-platform"


@cases("variant, folder, each", objects)
def test_what_is_a_tenants_stands_in_its_namespace(
    variant: str, folder: str, each: Manifest
) -> None:
    if folder.startswith("clients/"):
        _, client, environment = folder.split("/")
        where = each["metadata"].get("namespace", each["metadata"]["name"])
        assert where == f"{client}-{environment}"


@cases("variant, folder, each", pods)
def test_a_pod_is_limited_confined_and_of_an_image_that_is_known(
    variant: str, folder: str, each: Manifest
) -> None:
    pod = pod_of(each)

    for container in pod["containers"]:
        amounts = container["resources"]
        assert (
            set(amounts["limits"])
            == set(amounts["requests"])
            == {*("cpu", "memory", "ephemeral-storage")}
        )
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"]["drop"] == ["ALL"]
        if container["name"] == "service":
            assert container["image"] == fleets.IMAGE
        else:
            assert container["image"] in OTHERS_IMAGES
        if each["kind"] != "Job":
            assert "livenessProbe" in container


@cases("variant, folder, each", pods)
def test_only_the_parts_that_need_the_clusters_api_get_a_token(
    variant: str, folder: str, each: Manifest
) -> None:
    may_ask = folder == "platform" and each["metadata"]["name"] in {
        "gateway",
        "worker",
        "provisioner",
    }

    assert pod_of(each)["automountServiceAccountToken"] is may_ask


def test_filebeat_alone_sees_a_node() -> None:
    with_host_path = {
        each["metadata"]["name"]
        for _, _, each in pods()
        if any("hostPath" in volume for volume in pod_of(each)["volumes"])
    }

    assert with_host_path == {"filebeat"}


def variables_of(variant: str, each: Manifest) -> Iterator[str]:
    """Give the environment variables of the service's containers, ConfigMaps' included."""
    maps = {
        (found["metadata"].get("namespace"), found["metadata"]["name"]): found["data"]
        for _, found in fleets.objects(variant)
        if found["kind"] == "ConfigMap"
    }
    for container in pod_of(each)["containers"]:
        if container["name"] == "service":
            yield from (variable["name"] for variable in container.get("env", ()))
            for source in container["envFrom"]:
                name = source["configMapRef"]["name"]
                yield from maps[each["metadata"]["namespace"], name]


@cases("variant, folder, each", pods)
def test_every_environment_variable_is_a_setting_of_the_service(
    variant: str, folder: str, each: Manifest
) -> None:
    known = {name.upper() for name in Settings.model_fields}
    known |= {"PGSSLMODE", "PGSSLROOTCERT"}  # libpq's, which the driver reads

    assert set(variables_of(variant, each)) <= known


@pytest.mark.parametrize("variant", fleets.VARIANTS)
def test_what_settings_say_is_taken_by_the_service(
    variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _, each in fleets.objects(variant):
        if each["kind"] == "ConfigMap" and each["metadata"]["name"] == "settings":
            with monkeypatch.context() as environment:
                for name, value in each["data"].items():
                    environment.setenv(name, value)
                made = Settings()
                assert made.port == workload.PORT
                assert made.pinned == ("CLIENT_NAME" in each["data"])


@cases("variant, folder, each", partial(of_kind, "Deployment"))
def test_what_is_served_are_parts_of_the_service(variant: str, folder: str, each: Manifest) -> None:
    for container in pod_of(each)["containers"]:
        if container["name"] == "service":
            command, *parts = container["args"]
            assert command == "serve"
            assert set(parts) <= set(PARTS)
            pinned = folder.startswith("clients/")
            assert parts == ["gateway", "worker"] if pinned else len(parts) == 1


@cases("variant, folder, each", partial(of_kind, "Role"))
def test_a_role_is_about_one_object_by_name(variant: str, folder: str, each: Manifest) -> None:
    (rule,) = each["rules"]
    client = folder.split("/")[1]

    if rule["resources"] == ["secrets"]:
        assert (rule["apiGroups"], rule["resourceNames"]) == ([""], [f"{client}-credentials"])
        assert not {"list", "watch", "create", "deletecollection", "*"} & set(rule["verbs"])
    else:
        assert (rule["apiGroups"], rule["resources"]) == (["apps"], ["deployments"])
        assert (rule["resourceNames"], rule["verbs"]) == ([cluster_names.DEPLOYMENT], ["get"])


@pytest.mark.parametrize("variant", fleets.VARIANTS)
def test_the_provisioner_alone_looks_at_an_isolated_tenants_deployment(variant: str) -> None:
    about = {
        (folder, each["metadata"]["name"])
        for folder, each in fleets.objects(variant)
        if each["kind"] == "Role" and each["rules"][0]["resources"] == ["deployments"]
    }
    allowed = [
        (folder, [subject["name"] for subject in each["subjects"]])
        for folder, each in fleets.objects(variant)
        if each["kind"] == "RoleBinding" and (folder, each["roleRef"]["name"]) in about
    ]
    there = [
        (folder, [place.WRITER])
        for folder, each in fleets.objects(variant)
        if each["kind"] == "Deployment" and folder.startswith("clients/")
    ]

    assert sorted(allowed) == sorted(there)


@pytest.mark.parametrize("variant", fleets.VARIANTS)
def test_the_gateway_may_read_shared_tenants_secrets_and_no_isolated_ones(variant: str) -> None:
    readable = {
        each["metadata"]["namespace"]
        for _, each in fleets.objects(variant)
        if each["kind"] == "RoleBinding"
        and any(subject["name"] in place.READERS for subject in each["subjects"])
    }

    assert readable == {"barbearia-do-ze-staging", "barbearia-do-ze-production"}


@pytest.mark.parametrize("variant", fleets.VARIANTS)
def test_the_provisioner_reads_every_tenants_secret_and_changes_it_only_where_it_made_it(
    variant: str,
) -> None:
    credentials = fleets.fleet(variant).platform.credentials
    tenants = {folder for folder, _ in fleets.objects(variant) if folder.startswith("clients/")}
    bound = {
        (folder, each["metadata"]["name"])
        for folder, each in fleets.objects(variant)
        if each["kind"] == "RoleBinding"
        and [subject["name"] for subject in each["subjects"]] == [place.WRITER]
    }
    verbs = {
        folder: each["rules"][0]["verbs"]
        for folder, each in fleets.objects(variant)
        if each["kind"] == "Role"
        and each["rules"][0]["resources"] == ["secrets"]
        and (folder, each["metadata"]["name"]) in bound
    }

    assert set(verbs) == tenants
    for allowed in verbs.values():
        assert "get" in allowed
        assert (allowed == ["get"]) == (credentials != "platform")


@pytest.mark.parametrize("variant", fleets.VARIANTS)
def test_the_part_that_signs_tokens_reaches_no_vendor(variant: str) -> None:
    (policy,) = (
        each
        for folder, each in fleets.objects(variant)
        if folder == "platform"
        and each["kind"] == "NetworkPolicy"
        and each["metadata"]["name"] == "admin"
    )
    ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}

    assert 443 not in ports


@pytest.mark.parametrize("variant", fleets.VARIANTS)
def test_beyond_a_namespace_only_the_provisioner_may_anything(variant: str) -> None:
    bindings = [each for _, each in fleets.objects(variant) if each["kind"] == "ClusterRoleBinding"]
    rules = [
        rule
        for _, each in fleets.objects(variant)
        if each["kind"] == "ClusterRole"
        for rule in each["rules"]
    ]

    (binding,) = bindings
    assert [subject["name"] for subject in binding["subjects"]] == ["provisioner"]
    for rule in rules:
        if "secrets" in rule["resources"]:
            assert rule["verbs"] == ["create"]


@cases("variant, folder, each", partial(of_kind, "HTTPRoute", "Ingress"))
def test_a_tenants_route_is_its_own_path(variant: str, folder: str, each: Manifest) -> None:
    if not folder.startswith("clients/"):
        return
    _, client, environment = folder.split("/")
    if each["kind"] == "HTTPRoute":
        (rule,) = each["spec"]["rules"]
        paths = [match["path"]["value"] for match in rule["matches"]]
    else:
        (rule,) = each["spec"]["rules"]
        paths = [path["path"] for path in rule["http"]["paths"]]
    assert paths == [f"/{client}/{environment}"]


@pytest.mark.parametrize("variant", fleets.VARIANTS)
def test_a_namespace_with_pods_of_ours_denies_what_no_rule_allows(variant: str) -> None:
    denied, with_pods = set(), set()
    for _, each in fleets.objects(variant):
        namespace = each["metadata"].get("namespace")
        if each["kind"] == "NetworkPolicy" and not each["spec"]["podSelector"]:
            assert set(each["spec"]) == {"podSelector", "policyTypes"}
            denied.add(namespace)
        if each["kind"] in {"Deployment", "StatefulSet", "Job"}:
            with_pods.add(namespace)

    assert with_pods <= denied


def test_a_tenants_pods_reach_no_private_address_but_names_and_the_database() -> None:
    policy = fleets.tenant("clinica-sorriso/production")["NetworkPolicy.assistant"]
    blocks = [
        peer["ipBlock"]
        for rule in policy["spec"]["egress"]
        for peer in rule["to"]
        if "ipBlock" in peer
    ]

    assert {"cidr": "0.0.0.0/0", "except": list(settings.PRIVATE_RANGES)} in blocks
    assert all("except" in block or block["cidr"] == "169.254.20.10/32" for block in blocks)


# Where a cluster's own servers are, or a cloud's that hands out logins; by IPv6 ways to IPv4 too.
NOT_THE_INTERNET = [
    "10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "0.1.2.3",
    "198.18.0.1", "240.0.0.1", "::1", "fd00::1", "fe80::1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1",
    "64:ff9b:1::a00:1", "2002:a00:1::1", "2001:0:a00:1::1",
]  # fmt: skip


def open_to(rule: Manifest, address: str) -> bool:
    """Tell whether a rule lets out to an address, as a network plug-in reads it."""
    found = ip_address(address)
    blocks = [peer["ipBlock"] for peer in rule.get("to", ()) if "ipBlock" in peer]
    return any(
        found in ip_network(block["cidr"])
        and not any(found in ip_network(each) for each in block.get("except", ()))
        for block in blocks
    )


@cases("variant, folder, each", partial(of_kind, "NetworkPolicy"))
def test_on_the_ports_of_the_web_only_the_api_server_is_reached_within_private_ranges(
    variant: str, folder: str, each: Manifest
) -> None:
    for rule in each["spec"].get("egress", ()):
        ports = {port["port"] for port in rule["ports"]}
        if not ports & {443, 6443} or each["metadata"]["name"] == logs.NAME:
            continue  # Elasticsearch is wherever it is
        assert not [address for address in NOT_THE_INTERNET if open_to(rule, address)]
        for address in (known.split("/")[0] for known in fleets.API_SERVER):
            if open_to(rule, address) and address.startswith("10."):
                assert ports == {443, 6443}


@cases("variant, folder, each", partial(of_kind, "NetworkPolicy"))
def test_no_pod_reaches_the_metadata_service_of_a_cloud(
    variant: str, folder: str, each: Manifest
) -> None:
    for rule in each["spec"].get("egress", ()):
        names = {port["port"] for port in rule["ports"]} == {network.DNS}
        of_gke = "cloud-dns" in fleets.fleet(variant).platform.dns
        assert open_to(rule, "169.254.169.254") == (names and of_gke)
        assert not open_to(rule, "127.0.0.1")


@pytest.mark.parametrize(
    ("variant", "opened"),
    [
        (
            "as it comes",
            [
                *("53 kube-system k8s-app=kube-dns", "53 169.254.20.10/32"),
                "53 kube-system k8s-app=node-local-dns",
            ],
        ),
        (
            "sealed, by queue, with logs and backups",
            [
                *("53 169.254.169.254/32", "53 192.0.2.53/32", "53 dns app=coredns"),
                "5353 openshift-dns dns.operator.openshift.io/daemonset-dns=default",
            ],
        ),
    ],
)
def test_names_are_asked_for_where_the_cluster_has_its_servers(
    variant: str, opened: list[str]
) -> None:
    """By every pod that may go anywhere at all."""

    def told(peer: Manifest) -> str:
        if "ipBlock" in peer:
            return str(peer["ipBlock"]["cidr"])
        (namespace,) = peer["namespaceSelector"]["matchLabels"].values()
        ((label, value),) = peer["podSelector"]["matchLabels"].items()
        return f"{namespace} {label}={value}"

    for _, each in fleets.objects(variant):
        if each["kind"] != "NetworkPolicy" or "egress" not in each["spec"]:
            continue
        asked = [
            f"{rule['ports'][0]['port']} {told(peer)}"
            for rule in each["spec"]["egress"]
            if {port["protocol"] for port in rule["ports"]} == {"UDP", "TCP"}
            for peer in rule["to"]
        ]
        assert asked == opened, each["metadata"]


def test_servers_outside_are_reached_at_their_addresses_alone_where_these_are_said() -> None:
    postgres = fleets.tenant("clinica-sorriso/production", variant="database elsewhere")
    (filebeat,) = (
        each
        for _, each in fleets.objects("sealed, by queue, with logs and backups")
        if (each["kind"], each["metadata"]["name"]) == ("NetworkPolicy", logs.NAME)
    )

    for policy, port, inside in (
        (postgres["NetworkPolicy.assistant"], 5432, "203.0.113.7"),
        (filebeat, 9200, "192.0.2.9"),
    ):
        rules = [
            rule
            for rule in policy["spec"]["egress"]
            if port in {each["port"] for each in rule["ports"]}
        ]
        assert [open_to(rule, inside) for rule in rules] == [True]
        assert not any(open_to(rule, "203.0.113.8") for rule in rules)
    assert not [
        rule
        for rule in filebeat["spec"]["egress"]
        if {"port": 443, "protocol": "TCP"} in rule["ports"]
    ]


@cases(
    "variant, folder, each",
    lambda: [each for each in of_kind("Deployment", "Job") if each[0] in WITH_AUTHORITY],
)
def test_every_connection_to_the_database_proves_the_server(
    variant: str, folder: str, each: Manifest
) -> None:
    if each["metadata"]["name"] == place.VALKEY:
        return
    (container,) = pod_of(each)["containers"]
    (source,) = container["envFrom"]
    said: dict[str, str] = next(
        other["data"]
        for _, other in fleets.objects(variant)
        if other["kind"] == "ConfigMap"
        and other["metadata"]["namespace"] == each["metadata"]["namespace"]
        and other["metadata"]["name"] == source["configMapRef"]["name"]
    )
    folders = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}

    at, _, key = said["PGSSLROOTCERT"].rpartition("/")
    assert said["PGSSLMODE"] == "verify-full"
    volume = {"name": folders[at], "configMap": {"name": place.AUTHORITY, "defaultMode": 0o440}}
    assert volume in pod_of(each)["volumes"]
    assert [
        other["data"]
        for _, other in fleets.objects(variant)
        if (other["kind"], other["metadata"]["name"]) == ("ConfigMap", place.AUTHORITY)
        and other["metadata"]["namespace"] == each["metadata"]["namespace"]
    ] == [{key: fleets.AUTHORITY}]


def test_a_small_business_has_one_pod_and_more_only_where_that_is_asked_for() -> None:
    plain = fleets.tenant("clinica-sorriso/production")
    assert plain["Deployment.assistant"]["spec"]["replicas"] == 1
    assert plain["ConfigMap.settings"]["data"]["WORKER_PROCESSES"] == "1"
    assert not {"HorizontalPodAutoscaler.assistant", "ScaledObject.assistant"} & set(plain)

    asked = fleets.tenant("clinica-sorriso/production", variant="database elsewhere")
    scaler = asked["HorizontalPodAutoscaler.assistant"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (1, scaling.MOST)
    # Of what it may use, 1 core: at rest it uses most of what it requests, and would have two pods.
    (metric,) = scaler["metrics"]
    assert metric["resource"]["target"] == {"type": "AverageValue", "averageValue": "700m"}
    assert "replicas" not in asked["Deployment.assistant"]["spec"]


def test_own_private_ranges_do_not_open_what_is_never_a_server() -> None:
    rule = network.go_to_internet(private_ranges=["10.0.0.0/8"])

    assert not open_to(rule, "169.254.169.254")
    assert open_to(rule, "203.0.113.1")
    assert open_to(rule, "2606:4700::1")


@cases("variant, folder, each", partial(of_kind, "ResourceQuota"))
def test_a_quota_counts_pods_and_not_what_they_take(
    variant: str, folder: str, each: Manifest
) -> None:
    """Amounts would be right for the old pods or for the new ones, and both are there for a while."""
    hard = each["spec"]["hard"]

    assert not [what for what in hard if what.startswith(("requests.", "limits.", "cpu", "memory"))]
    for environment in config.ENVIRONMENTS:
        assert int(hard["pods"]) >= 2 * (scaling.most_of(environment) + 1)


def test_another_configuration_or_credential_replaces_the_pods() -> None:
    def annotation(change: dict[str, Any]) -> str:
        entry = fleets.config()
        entry["clients"][1]["environments"]["production"].update(change)
        (_, production) = config.fleet_of(entry).clients[1].tenants()
        from cdk8s_app.tenant import tenant_objects  # noqa: PLC0415  # only here

        (made,) = (
            each
            for each in tenant_objects(
                production, platform=settings.Platform(), database=settings.Database()
            )
            if each["kind"] == "Deployment"
        )
        annotations: dict[str, str] = made["spec"]["template"]["metadata"]["annotations"]
        return annotations["mcp-platform/checksum"]

    credentials = {"keys": [], "checksum": "d" * 64}

    assert annotation({}) == annotation({})
    assert annotation({}) != annotation({"credentials": credentials})


def metrics_in(text: str) -> set[str]:
    """Return the names of metrics in a query; those of a histogram's series without their ending."""
    names = set(re.findall(r"\bmcp_[a-z_]+", text))
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}


def test_alerts_scaling_and_dashboards_ask_for_metrics_that_the_service_has() -> None:
    asked = metrics_in(json.dumps([alerts.RULES, dashboards.dashboards()]))
    for variant in fleets.VARIANTS:
        asked |= metrics_in(
            json.dumps([e for _, e in fleets.objects(variant) if e["kind"] == "ScaledObject"])
        )

    assert len(asked) > 10
    assert asked <= set(METRICS)


def test_labels_that_queries_go_by_are_those_of_the_metrics() -> None:
    for rule in alerts.RULES:
        for name, selector in re.findall(r"\b(mcp_[a-z_]+)\{([^}]*)\}", rule["expr"]):
            for label in re.findall(r"(\w+)[=!]~?\"", selector):
                assert label in METRICS[name]._labelnames


def test_argo_cd_may_apply_what_is_built_and_nothing_else() -> None:
    """The fleets hold each kind that is built: see that one more stands in one of them."""

    def kinds(folder: str, *, namespaced: bool) -> set[tuple[str, str]]:
        return {
            (each["apiVersion"].rpartition("/")[0], each["kind"])
            for _, found, each in objects()
            if found.startswith(folder) and ("namespace" in each["metadata"]) == namespaced
        }

    assert kinds("clients/", namespaced=True) == set(argocd.TENANT_KINDS)
    assert kinds("clients/", namespaced=False) == {("", "Namespace")}  # by name: see its project
    for server, listed in argocd.KINDS_BY_SERVER.items():
        assert kinds(server, namespaced=False) == set(listed), server
    assert len(set(argocd.TENANT_KINDS)) == len(argocd.TENANT_KINDS)


def test_both_packages_call_a_tenants_things_by_the_same_names() -> None:
    (_, production) = fleets.fleet().clients[1].tenants()
    names = {"client_name": production.client, "environment": production.environment}
    namespace = fleets.tenant(production.path)["Namespace.clinica-sorriso-production"]

    assert production.namespace == cluster_names.namespace_of(**names)
    assert production.secret == cluster_names.secret_of(client_name=production.client)
    assert (
        cluster_names.labels_of(**names).items() | cluster_names.POD_SECURITY.items()
        <= namespace["metadata"]["labels"].items()
    )


def test_the_database_knows_the_group_roles_of_the_migrations() -> None:
    assert set(database.ROLES) == {str(role) for role in DatabaseRole}
    assert {role for groups in database.GROUPS.values() for role in groups} < set(database.ROLES)
    assert set(database.GROUPS) < set(secrets.LOGINS)


def test_a_sealed_secret_holds_the_values_as_they_were_sealed() -> None:
    variant = "sealed, by queue, with logs and backups"
    found = fleets.tenant("barbearia-do-ze/production", variant=variant)
    sealed = found["SealedSecret.barbearia-do-ze-credentials"]

    assert sealed["spec"]["encryptedData"] == fleets.SEALED
    assert set(fleets.SEALED) <= set(KEYS)
    assert "annotations" not in sealed["metadata"]  # strict scope


def test_a_key_that_was_not_sealed_is_refused_with_its_tenant_and_its_name() -> None:
    wrong = fleets.config()
    sealed = {
        "keys": ["GEMINI_API_KEY", "DATABASE_PASSWORD"],
        "sealed": {"GEMINI_API_KEY": fleets.SEALED["GEMINI_API_KEY"]},
        "checksum": "a" * 64,
        "certificate": "c" * 64,
    }
    wrong["clients"] = [
        {"client_name": "shop", "environments": {"production": {"credentials": sealed}}}
    ]
    with pytest.raises(
        config.ConfigError, match=r"client shop, production.*lacks DATABASE_PASSWORD"
    ):
        config.fleet_of(wrong).clients[0].tenants()
