"""A number is what people mean by it where the business is; a wrong one is nobody's."""

from mcp_platform.conversations.phones import exists, international, spellings

SAO_PAULO = "America/Sao_Paulo"


def test_a_number_is_read_as_it_is_written_where_the_business_is() -> None:
    meant = {
        ("(11) 98765-4321", SAO_PAULO): "5511987654321",
        ("11987654321", SAO_PAULO): "5511987654321",
        ("11 9 8765 4321", SAO_PAULO): "5511987654321",
        ("011 98765-4321", SAO_PAULO): "5511987654321",
        ("021 11 98765-4321", SAO_PAULO): "5511987654321",  # by way of a carrier
        ("5511987654321", SAO_PAULO): "5511987654321",
        ("+55 11 98765-4321", SAO_PAULO): "5511987654321",
        ("0055 11 98765-4321", SAO_PAULO): "5511987654321",
        ("(11) 3265-4321", SAO_PAULO): "551132654321",
        ("558588887777", SAO_PAULO): "558588887777",  # an older id of Meta's
        ("+351 912 345 678", SAO_PAULO): "351912345678",
        ("5491123456789", SAO_PAULO): "5491123456789",
        ("912 345 678", "Europe/Lisbon"): "351912345678",
        ("(212) 555-1234", "America/New_York"): "12125551234",
        ("5511987654321", "Europe/Lisbon"): "5511987654321",
        ("(11) 98765-4321", "UTC"): "5511987654321",  # of no country: where most of us are
        ("98765-4321", SAO_PAULO): None,  # no area
        ("1198765432", SAO_PAULO): None,  # a digit is missing
        ("119876543210", SAO_PAULO): None,  # one too many
        ("+11987654321", SAO_PAULO): None,
        ("106540352242922", SAO_PAULO): None,  # a phone number id of Meta's
        ("", SAO_PAULO): None,
        ("+", SAO_PAULO): None,
    }
    read = {each: international(each[0], time_zone=each[1]) for each in meant}
    assert read == meant
    again = {each: international(each, time_zone=SAO_PAULO) for each in read.values() if each}
    assert all(digits == same for digits, same in again.items())


def test_what_was_kept_without_its_country_is_seen_to_be_no_number() -> None:
    assert exists("5511987654321")
    assert exists("558588887777")
    assert not exists("11987654321")


def test_somebody_is_looked_up_by_each_spelling_the_meant_one_first() -> None:
    assert spellings("(11) 98765-4321", time_zone=SAO_PAULO)[:2] == (
        "5511987654321",
        "551187654321",
    )
    assert "5585988887777" in spellings("85 8888-7777", time_zone=SAO_PAULO)
    assert spellings("15550783881", time_zone=SAO_PAULO)[-1] == "15550783881"
