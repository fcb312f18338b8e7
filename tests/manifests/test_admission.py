"""What the cluster lets nobody do, whatever they may: each attempt by name, with what is said of it."""

import copy
from typing import Any

import pytest

from cdk8s_app import place
from mcp_platform.tenants import cluster_names
from tests.manifests import fleets
from tests.manifests.admission import Asked, refusals

PROVISIONER = f"system:serviceaccount:{place.NAMESPACE}:{place.WRITER}"
SOMEBODY = "somebody"
OURS = {"app.kubernetes.io/part-of": "mcp-platform"}
LEVEL = "pod-security.kubernetes.io/enforce"


def named(name: str, labels: dict[str, str], **annotations: str) -> dict[str, Any]:
    """Return a namespace as a server shows it to its policies."""
    labels = {**labels, "kubernetes.io/metadata.name": name}
    about: dict[str, Any] = {"name": name, "labels": labels}
    if annotations:
        about["annotations"] = annotations
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": about}


def made_here(client: str = "salao", environment: str = "production", **labels: str) -> Any:
    """Return a tenant's namespace as the provisioner makes it."""
    of = {"client_name": client, "environment": environment}
    wanted = {**cluster_names.labels_of(**of), **cluster_names.POD_SECURITY, **labels}
    return named(cluster_names.namespace_of(**of), wanted)


def from_manifests(folder: str) -> Any:
    """Return a tenant's namespace as its manifests make it."""
    found = fleets.tenant(folder)
    (made,) = (each for key, each in found.items() if key.startswith("Namespace."))
    about = made["metadata"]
    return named(about["name"], about["labels"], **about["annotations"])


def the_platforms() -> Any:
    (found,) = (
        each
        for folder, each in fleets.objects()
        if folder == "data" and each["kind"] == "Namespace"
    )
    about = found["metadata"]
    return named(about["name"], about["labels"], **about["annotations"])


def changed(namespace: Any, **labels: str | None) -> Any:
    """Return a namespace with other labels; None takes one away."""
    made = copy.deepcopy(namespace)
    for key, value in labels.items():
        made["metadata"]["labels"].pop(key, None)
        if value is not None:
            made["metadata"]["labels"][key] = value
    return made


def secret(name: str, **fields: Any) -> Any:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "Opaque",
        **fields,
    }


def making(made: Any, *, by: str = PROVISIONER, within: Any = None) -> list[str]:
    return refusals(Asked(user=by, operation="CREATE", object=made, namespace=within))


def turning(old: Any, new: Any, *, by: str = PROVISIONER, within: Any = None) -> list[str]:
    return refusals(Asked(user=by, operation="UPDATE", object=new, old=old, namespace=within))


def deleting(old: Any, *, within: Any = None) -> list[str]:
    asked = Asked(user=PROVISIONER, operation="DELETE", object=None, old=old, namespace=within)
    return refusals(asked)


ASTRAY: dict[str, Any] = {
    "a name that is not client-environment": named("other", made_here()["metadata"]["labels"]),
    "no labels of ours": named("salao-production", {LEVEL: "restricted"}),
    "no client": changed(made_here(), **{"mcp-platform/client": None}),
    "an environment that is none": made_here(environment="system"),
    "a namespace of the cluster": made_here("kube", "system"),
    "the platform's own": named("mcp-platform", made_here()["metadata"]["labels"]),
    "the platform's own by its parts": made_here("mcp", "platform"),
    "the log shipper's": made_here("mcp-platform", "logs"),
    "another level of Pod Security": made_here(**{LEVEL: "baseline"}),
    "no level of Pod Security": changed(made_here(), **{LEVEL: None}),
    "an old version of Pod Security": made_here(**{f"{LEVEL}-version": "v1.0"}),
    "routes to the Gateway": made_here(**{"mcp-platform/routes": "true"}),
}
RELABELLED: dict[str, dict[str, str | None]] = {
    "its client renamed": {"mcp-platform/client": "another"},
    "its environment renamed": {"mcp-platform/environment": "staging"},
    "an old version of Pod Security": {f"{LEVEL}-version": "v1.0"},
    "another level of Pod Security": {LEVEL: "privileged"},
    "its routes taken away": {"mcp-platform/routes": None},
    "one more label": {"x": "y"},
    "a tenant's labels": {"mcp-platform/client": "salao", LEVEL: "restricted"},
    "no longer ours": {"app.kubernetes.io/part-of": None},
}


class TestProvisioner:
    """With its own token, and nothing but the policy in its way."""

    def test_makes_a_tenants_namespace_and_the_one_secret_in_it(self) -> None:
        home = made_here()
        assert making(home) == []
        for where in (home, from_manifests("clinica-sorriso/production")):
            client = where["metadata"]["labels"]["mcp-platform/client"]
            kept = secret(f"{client}-credentials")
            assert making(kept, within=where) == []
            assert turning(kept, {**kept, "data": {"A": "MQ=="}}, within=where) == []
            assert deleting(kept, within=where) == []
            assert turning(where, copy.deepcopy(where)) == []

    @pytest.mark.parametrize("attempt", ASTRAY)
    def test_makes_no_other_namespace(self, attempt: str) -> None:
        assert making(ASTRAY[attempt])
        assert making(ASTRAY[attempt], by=SOMEBODY) == []

    @pytest.mark.parametrize("attempt", RELABELLED)
    def test_changes_no_label_of_any_namespace(self, attempt: str) -> None:
        labels = RELABELLED[attempt]
        tenants, platforms = from_manifests("clinica-sorriso/production"), the_platforms()
        for old in (tenants, platforms, named("kube-system", {})):
            assert turning(old, changed(old, **labels)), old["metadata"]["name"]

    def test_changes_no_annotation_by_which_a_namespace_is_kept(self) -> None:
        old = from_manifests("clinica-sorriso/production")
        assert old["metadata"]["annotations"]
        new = copy.deepcopy(old)
        del new["metadata"]["annotations"]
        assert turning(old, new)
        assert turning(new, old)

    def test_deletes_no_namespace(self) -> None:
        for each in (made_here(), the_platforms()):
            assert deleting(each) == ["the provisioner deletes no namespace"]

    def test_makes_no_other_secret_and_none_elsewhere(self) -> None:
        home, kept = made_here(), secret("salao-credentials")
        assert making(secret("another"), within=home)
        assert deleting(secret("another"), within=home)
        assert making(
            {**kept, "metadata": {"generateName": "salao-"}, "kind": "Secret"}, within=home
        )
        for elsewhere in (
            the_platforms(),
            named("kube-system", {}),
            from_manifests("clinica-sorriso/production"),
            # As if somebody had labelled it so.
            changed(the_platforms(), **{"mcp-platform/client": "salao"}),
            named("mcp-platform", home["metadata"]["labels"]),
            named("other", home["metadata"]["labels"]),
        ):
            assert making(kept, within=elsewhere), elsewhere["metadata"]

    @pytest.mark.parametrize(
        "kind",
        [
            "kubernetes.io/service-account-token",
            "kubernetes.io/tls",
            "bootstrap.kubernetes.io/token",
        ],
    )
    def test_makes_no_secret_that_gives_more_than_it_holds(self, kind: str) -> None:
        asked = secret("salao-credentials", type=kind)
        assert making(asked, within=made_here()) == [
            "the provisioner makes Secrets of type Opaque alone"
        ]


def routes(variant: str) -> dict[str, Any]:
    kind = {
        "as it comes": "HTTPRoute.assistant",
        "external, ingress, small, old": "Ingress.assistant",
    }
    return fleets.tenant("clinica-sorriso/production", variant=variant)[kind[variant]]


HERE = "/clinica-sorriso/production"
FOREIGN = [
    "/", "", f"{HERE}x", "/clinica-sorriso", "/barbearia-do-ze/production", f"x{HERE}",
    f"{HERE}/.*", f"{HERE}/a|/barbearia-do-ze", f"{HERE}/(a)", f"{HERE}/[a]", f"{HERE}/../x",
    f"{HERE}/%2e%2e/x", f"{HERE}/a?", f"{HERE}/$", f"{HERE}/\n", f"{HERE}/a b",
]  # fmt: skip


class TestRoutes:
    """Of a tenant's namespace, and of others that the Gateway listens to."""

    home = from_manifests("clinica-sorriso/production")

    def http(self, *matches: Any, within: Any = None) -> list[str]:
        made = copy.deepcopy(routes("as it comes"))
        made["spec"]["rules"][0]["matches"] = list(matches)
        return making(made, by=SOMEBODY, within=within or self.home)

    def ingress(self, path: str, kind: str = "Prefix", **spec: Any) -> list[str]:
        made = copy.deepcopy(routes("external, ingress, small, old"))
        (entry,) = made["spec"]["rules"][0]["http"]["paths"]
        entry |= {"path": path, "pathType": kind}
        made["spec"] |= spec
        return making(made, by=SOMEBODY, within=self.home)

    def test_lead_from_the_tenants_own_path(self) -> None:
        assert making(routes("as it comes"), within=self.home) == []
        assert making(routes("external, ingress, small, old"), within=self.home) == []
        for path in (HERE, f"{HERE}/", f"{HERE}/api/v1"):
            assert self.http({"path": {"type": "Exact", "value": path}}) == []
            assert self.ingress(path, "Exact") == []

    @pytest.mark.parametrize("path", FOREIGN)
    def test_lead_from_no_other_path_and_from_no_pattern(self, path: str) -> None:
        good = {"path": {"type": "PathPrefix", "value": HERE}}
        assert self.http(good, {"path": {"type": "PathPrefix", "value": path}})
        assert self.http(good, {"path": {"value": path}})
        assert self.ingress(path)

    def test_have_a_path_that_is_no_pattern_by_its_type(self) -> None:
        assert self.http({"path": {"type": "RegularExpression", "value": HERE}})
        assert self.ingress(HERE, "ImplementationSpecific")

    def test_are_refused_where_a_rule_matches_everything(self) -> None:
        assert self.http()
        assert self.http({"headers": [{"name": "x", "value": "y"}]})
        made = copy.deepcopy(routes("as it comes"))
        del made["spec"]["rules"][0]["matches"]
        assert making(made, by=SOMEBODY, within=self.home)

    def test_are_refused_where_an_ingress_takes_more_than_its_paths(self) -> None:
        assert self.ingress(HERE, defaultBackend={"service": {"name": "assistant"}})
        assert self.ingress(HERE, tls=[{"hosts": ["wa.example.com"], "secretName": "mine"}])
        made = copy.deepcopy(routes("external, ingress, small, old"))
        for key in ("traefik.ingress.kubernetes.io/router.pathmatcher",
                    "nginx.ingress.kubernetes.io/use-regex"):  # fmt: skip
            made["metadata"]["annotations"] = {key: "PathRegexp"}
            assert making(made, by=SOMEBODY, within=self.home), key

    def test_are_refused_in_a_namespace_that_has_routes_and_is_no_tenants(self) -> None:
        match = {"path": {"type": "PathPrefix", "value": "/x/y"}}
        assert self.http(match, within=named("x-y", {"mcp-platform/routes": "true"}))
        assert self.http(match, within=named("unrelated", {})) == []

    def test_of_the_platform_itself_lead_from_everywhere(self) -> None:
        found = [
            each
            for folder, each in fleets.objects()
            if folder == "platform" and each["kind"] == "HTTPRoute"
        ]
        assert len(found) == 3
        for each in found:
            assert making(each, by=SOMEBODY, within=the_platforms()) == []


@pytest.mark.parametrize("variant", fleets.VARIANTS)
def test_the_gateway_listens_to_no_kind_of_route_that_the_policy_does_not_know(
    variant: str,
) -> None:
    for _, each in fleets.objects(variant):
        if each["kind"] == "Gateway":
            for listener in each["spec"]["listeners"]:
                (kind,) = listener["allowedRoutes"]["kinds"]
                assert kind == {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}
