"""How one phone may be written. For look-ups only: an address is kept as Meta gave it.

Source: Brazilian mobile numbers got a ninth digit, a leading 9; Meta's ids of older ones lack it.
"""

import re

_WITH_NINE = re.compile(r"55(?P<area>[1-9]{2})9(?P<rest>[6-9]\d{7})", re.ASCII)
_WITHOUT_NINE = re.compile(r"55(?P<area>[1-9]{2})(?P<rest>[6-9]\d{7})", re.ASCII)


def spellings(digits: str) -> tuple[str, ...]:
    """Return the ways to write an international number, as it was given first."""
    if found := _WITH_NINE.fullmatch(digits):
        return digits, f"55{found['area']}{found['rest']}"
    if found := _WITHOUT_NINE.fullmatch(digits):
        return digits, f"55{found['area']}9{found['rest']}"
    return (digits,)
