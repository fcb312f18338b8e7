"""A phone number is told from Meta's id of it."""

import pytest

from mcp_platform.credentials.forms import check_form
from mcp_platform.errors import Invalid
from mcp_platform.registry.environments import EnvironmentChange
from mcp_platform.tenants.meta_ids import is_phone_number


def test_what_a_person_would_dial_is_no_id_of_metas() -> None:
    dialled = (
        "+55 11 98765-4321",
        "5511987654321",
        "(11) 98765-4321",
        "11987654321",
        "+14155552671",
    )
    ids = ("106540352242922", "102290129340398", "99999999999999", "1", "12345", "no-number", "")
    assert [each for each in dialled if not is_phone_number(each)] == []
    assert [each for each in ids if is_phone_number(each)] == []


@pytest.mark.parametrize(
    "key", ["WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_BUSINESS_ACCOUNT_ID", "WHATSAPP_APP_ID"]
)
def test_it_is_refused_in_place_of_an_id_wherever_one_is_given(key: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_form({key: "5511987654321"})
    assert "this is a phone number" in refused.value.fields[key]
    assert check_form({key: "106540352242922"})
    with pytest.raises(Invalid) as refused:
        EnvironmentChange.of({"phone_number_id": "5511987654321"})
    assert "is a phone number" in refused.value.fields["phone_number_id"]
