"""The admission policies of a fleet, asked as an API server asks them; CEL is evaluated by celpy.

Knows what the policies here use: rules by resource and operation, conditions, variables, bindings by
a namespace's labels. What cannot be evaluated is refused, as `failurePolicy: Fail` says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import celpy

from tests.manifests import fleets

Object = Mapping[str, Any]
RESOURCES = {
    "Namespace": ("", "namespaces"),
    "Secret": ("", "secrets"),
    "HTTPRoute": ("gateway.networking.k8s.io", "httproutes"),
    "Ingress": ("networking.k8s.io", "ingresses"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One write: by whom, of what, in which namespace."""

    user: str
    operation: str
    object: Object | None
    old: Object | None = None
    namespace: Object | None = None

    @property
    def subject(self) -> Object:
        found = self.object or self.old
        assert found is not None
        return found

    def variables(self) -> dict[str, Any]:
        group, resource = RESOURCES[self.subject["kind"]]
        return {
            "object": self.object,
            "oldObject": self.old,
            "namespaceObject": self.namespace,
            "request": {
                "userInfo": {"username": self.user},
                "operation": self.operation,
                "name": self.subject["metadata"].get("name", ""),
                "resource": {"group": group, "version": "v1", "resource": resource},
            },
        }


def refusals(asked: Asked, *, variant: str = "as it comes") -> list[str]:
    """Return what the policies of a fleet say against a write; nothing: it is let in."""
    found = [each for folder, each in fleets.objects(variant) if folder == "platform"]
    told = []
    for binding in found:
        if binding["kind"] != "ValidatingAdmissionPolicyBinding":
            continue
        spec = binding["spec"]
        assert spec["validationActions"] == ["Deny"]
        (policy,) = (
            each
            for each in found
            if each["kind"] == "ValidatingAdmissionPolicy"
            and each["metadata"]["name"] == spec["policyName"]
        )
        if _bound(spec, asked) and _matches(policy["spec"], asked):
            told += _broken(policy["spec"], asked)
    return told


def _bound(spec: Mapping[str, Any], asked: Asked) -> bool:
    selector = spec.get("matchResources", {}).get("namespaceSelector", {"matchExpressions": []})
    labels = (asked.namespace or {"metadata": {}})["metadata"].get("labels", {})
    for each in selector["matchExpressions"]:
        match each["operator"]:
            case "Exists":
                holds = each["key"] in labels
            case "NotIn":
                holds = labels.get(each["key"]) not in each["values"]
            case other:
                raise AssertionError(other)
        if not holds:
            return False
    return True


def _matches(spec: Mapping[str, Any], asked: Asked) -> bool:
    group, resource = RESOURCES[asked.subject["kind"]]
    assert spec["failurePolicy"] == "Fail"
    return any(
        group in rule["apiGroups"]
        and resource in rule["resources"]
        and asked.operation in rule["operations"]
        for rule in spec["matchConstraints"]["resourceRules"]
    ) and all(
        _holds(each["expression"], asked.variables()) for each in spec.get("matchConditions", ())
    )


def _broken(spec: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    given = asked.variables()
    worked_out: dict[str, Any] = {}
    for each in spec.get("variables", ()):
        try:
            worked_out[each["name"]] = _evaluated(each["expression"], given)
        except celpy.CELEvalError:
            continue  # an error only where it is used
    given["variables"] = worked_out
    for each in spec["validations"]:
        try:
            if not _holds(each["expression"], given):
                yield each["message"]
        except celpy.CELEvalError as error:
            yield f"{each['message']} ({error})"


def _holds(expression: str, given: Mapping[str, Any]) -> bool:
    found = _evaluated(expression, given)
    assert isinstance(found, celpy.celtypes.BoolType), expression
    return bool(found)


def _evaluated(expression: str, given: Mapping[str, Any]) -> Any:
    environment = celpy.Environment()
    program = environment.program(environment.compile(expression))
    return program.evaluate({name: celpy.json_to_cel(value) for name, value in given.items()})
