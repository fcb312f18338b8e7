"""Every object is one that the clusters know: no misspelt field, no retired version."""

import pytest

from tests.manifests import fleets, schemas

# The oldest that the tenants' own objects promise, and two that are in use.
VERSIONS = ("1.25", "1.33", "1.37")


@pytest.mark.parametrize("variant", fleets.VARIANTS)
@pytest.mark.parametrize("kubernetes", VERSIONS)
def test_kubernetes_knows_every_field_of_its_own_objects(variant: str, kubernetes: str) -> None:
    oldest = fleets.fleet(variant).platform.minor
    checked = [
        schemas.mistakes(each, kubernetes=kubernetes)
        for folder, each in fleets.objects(variant)
        # The platform's own may need what its stated version has; tenants' never more than 1.25.
        if not schemas.is_custom(each)
        and (folder.startswith("clients/") or int(kubernetes.split(".")[1]) >= oldest)
    ]

    assert len(checked) > 20
    assert [each for found in checked for each in found] == []


@pytest.mark.parametrize("variant", fleets.VARIANTS)
def test_the_definitions_of_custom_objects_know_every_field(variant: str) -> None:
    checked = [
        schemas.custom_mistakes(each)
        for _, each in fleets.objects(variant)
        if schemas.is_custom(each)
    ]

    assert len(checked) > 10
    assert [each for found in checked for each in found] == []


def test_a_misspelt_field_is_found() -> None:
    deployment = fleets.tenant("clinica-sorriso/production")["Deployment.assistant"]
    pod = {**deployment["spec"]["template"]["spec"], "hostNetwrok": False}
    deployment["spec"]["template"]["spec"] = pod

    assert "hostNetwrok" in schemas.mistakes(deployment, kubernetes="1.33")[0]


def test_a_misspelt_field_of_a_custom_object_is_found() -> None:
    route = fleets.tenant("clinica-sorriso/production")["HTTPRoute.assistant"]
    route["spec"]["rules"][0]["timeout"] = "60s"

    assert "timeout" in schemas.custom_mistakes(route)[0]
