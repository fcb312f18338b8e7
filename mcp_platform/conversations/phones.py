"""How one phone may be written, and what is meant by it.

An address that Meta gave is kept as it is; what people type is read by the numbering plans of
libphonenumber, without a country's code in the business's own region.

Source: Brazilian mobile numbers got a ninth digit, a leading 9; Meta's ids of older ones lack it.
"""

import re

import phonenumbers
from babel.core import get_global

DEFAULT_REGION = "BR"  # of zones that belong to no country, such as UTC
EXAMPLE = "+5511987654321"
WRITTEN = r"^\+?[0-9(][0-9() .-]{6,24}$"
"""What may be a number as people write it; whether it is one is for `international`."""
_WITH_NINE = re.compile(r"55(?P<area>[1-9]{2})9(?P<rest>[6-9]\d{7})", re.ASCII)
_WITHOUT_NINE = re.compile(r"55(?P<area>[1-9]{2})(?P<rest>[6-9]\d{7})", re.ASCII)
_NO_DIGIT = re.compile(r"[^0-9]")


def international(written: str, *, time_zone: str) -> str | None:
    """Return the digits of the number that is meant, its country's code first; None if none is.

    Without a country's code a number is one of the region of `time_zone`. Read again, the result
    means itself.
    """
    digits = _NO_DIGIT.sub("", written)
    if not written.strip().startswith("+") and not digits.startswith("00"):
        number = _parsed(digits, _region(time_zone))
        if number is not None and phonenumbers.is_valid_number(number):
            return _digits(number)
    digits = digits.removeprefix("00")
    return digits if exists(digits) else None


def spellings(written: str, *, time_zone: str) -> tuple[str, ...]:
    """Return the ways in which Meta may write a number: as it was given, and as it is meant."""
    digits = _NO_DIGIT.sub("", written)
    meant = international(written, time_zone=time_zone)
    # An older Brazilian id, without its country: no number by today's plan, but somebody's.
    local = _parsed(digits, _region(time_zone)) if meant is None else None
    numbers = [each for each in (meant, local and _digits(local), digits) if each]
    return tuple(dict.fromkeys(way for each in numbers for way in _both(each)))


def exists(digits: str) -> bool:
    """Tell whether digits are a number that can be called, its country's code first."""
    numbers = (_parsed(f"+{each}", None) for each in _both(digits))
    return any(number is not None and phonenumbers.is_valid_number(number) for number in numbers)


def _both(digits: str) -> tuple[str, ...]:
    """Return the ways to write an international number, as it was given first."""
    if found := _WITH_NINE.fullmatch(digits):
        return digits, f"55{found['area']}{found['rest']}"
    if found := _WITHOUT_NINE.fullmatch(digits):
        return digits, f"55{found['area']}9{found['rest']}"
    return (digits,)


def _region(time_zone: str) -> str:
    region: str = get_global("zone_territories").get(time_zone, DEFAULT_REGION)
    return region


def _digits(number: phonenumbers.PhoneNumber) -> str:
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164.removeprefix("+")


def _parsed(written: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
