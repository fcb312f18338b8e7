"""Names that a client may have, for paths and namespaces to be made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.errors import Invalid
from mcp_platform.tenants.models import ClientRow
from mcp_platform.tenants.tenant import (
    ENVIRONMENTS,
    RESERVED_NAMES,
    check_client_name,
    is_client_name,
    is_environment,
)

DNS_LABEL = 63


@pytest.mark.parametrize("name", ["abc", "a1b", "barbearia-do-ze", "0ab", "a--b", "x" * 40])
def test_a_dns_label_of_3_to_40_characters_can_be_a_clients_name(name: str) -> None:
    assert is_client_name(name)
    assert check_client_name(name) == name
    assert all(len(f"{name}-{environment}") <= DNS_LABEL for environment in ENVIRONMENTS)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "ab",
        "x" * 41,
        "-ab",
        "ab-",
        "a_b",
        "a.b",
        "Abc",
        "café",
        "a b",
        "abc\n",
        "ａｂｃ",
        "a/b",
        "٣٣٣",
        "abc\x00",
        "..",
        "%61bc",
    ],
)
def test_what_is_no_dns_label_cannot(name: str) -> None:
    assert not is_client_name(name)
    with pytest.raises(Invalid) as refused:
        check_client_name(name)
    assert "3 to 40" in refused.value.fields["client_name"]


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_a_first_segment_of_the_platforms_own_paths_cannot(name: str) -> None:
    assert not is_client_name(name)
    with pytest.raises(Invalid, match="path of the platform"):
        check_client_name(name)


@pytest.mark.parametrize("segment", ["api", "console", "health", "metrics", "docs", "demo"])
def test_the_paths_that_the_platform_serves_are_reserved(segment: str) -> None:
    assert segment in RESERVED_NAMES


@pytest.mark.parametrize(
    "name", ["Production", "prod", "", "production ", "test", "producti\u03bfn"]
)
def test_there_are_three_environments_and_no_other(name: str) -> None:
    assert not is_environment(name)


@given(st.text(alphabet="ab0-_.A/é\n", max_size=45))
def test_what_is_allowed_here_is_allowed_by_the_database_too(name: str) -> None:
    """The check constraint of `clients` is the same rule, for whoever writes there directly."""
    import re  # noqa: PLC0415  # Postgres' pattern, read by the nearest thing at hand

    (constraint,) = (
        str(each.sqltext) for each in ClientRow.__table_args__ if hasattr(each, "sqltext")
    )
    pattern = constraint.split("'")[1]
    if is_client_name(name):
        assert re.search(pattern, name)
