"""Tells from the value alone that it is no id of Meta's, but a phone number."""

import re

SHORTEST_ID = (
    14  # digits; Meta's have fifteen and more, phone numbers that anybody dials at most 13
)
_WRITTEN = re.compile(r"\+?[0-9 ().-]{8,25}", re.ASCII)


def is_phone_number(value: str) -> bool:
    """Tell whether a person would dial `value`, however it is written; Brazil's need no country."""
    asked = value.strip()
    digits = re.sub(r"[^0-9]", "", asked)
    if not _WRITTEN.fullmatch(asked) or len(digits) >= SHORTEST_ID:
        return False
    import phonenumbers  # noqa: PLC0415  # slow to import

    for written, region in ((f"+{digits}", None), (digits, "BR")):
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(written, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False
