"""docs/api.md says what the application's OpenAPI document says."""

from docs import api_reference


def test_the_reference_is_as_new_as_the_code() -> None:
    written = api_reference.TARGET.read_text()
    assert written == api_reference.reference(), "run .venv/bin/python docs/api_reference.py"


def test_every_operation_has_a_heading_and_every_shape_that_is_named_a_section() -> None:
    document = api_reference.document()
    page = api_reference.reference()
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"### {method.upper()} {path}\n" in page
    for name in document["components"]["schemas"]:
        assert f"### {name}\n" in page
