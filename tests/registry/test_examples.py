"""The examples of the OpenAPI document: every body of JSON has one, and each fits its form."""

from jsonschema import Draft202012Validator

from docs.api_reference import document
from mcp_platform.registry.examples import EXAMPLES


def test_every_body_has_an_example_that_fits() -> None:
    found = document()
    schemas = found["components"]["schemas"]
    asked = {
        media["schema"]["$ref"].rpartition("/")[2]
        for operations in found["paths"].values()
        for operation in operations.values()
        for media in operation.get("requestBody", {}).get("content", {}).values()
        if "$ref" in media["schema"]
    }
    assert asked == EXAMPLES.keys()
    for name in asked:
        (example,) = schemas[name]["examples"]
        form = schemas[name] | {"components": found["components"]}
        wrong = [error.message for error in Draft202012Validator(form).iter_errors(example)]
        assert not wrong, f"{name}: {wrong}"
