"""The languages that customers, owners and staff are spoken to in."""

from typing import Literal, get_args

Language = Literal["pt-BR", "en", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
StaffLanguage = Literal["pt-BR", "en"]
"""Those of them that commands, the doctor and the console speak."""


def supported(language: str | None) -> Language:
    """Return the one of our languages that `language` means; Portuguese for any other."""
    code = _code(language or "")
    return next((each for each in LANGUAGES if _code(each) == code), "pt-BR")


def for_staff(language: str | None) -> StaffLanguage:
    """Return the one of staff's languages that `language` means; Portuguese for any other."""
    return "en" if _code(language or "") == "en" else "pt-BR"


def primary(language: str) -> str:
    """Return the code, without a country, of the one of our languages that `language` means."""
    return _code(supported(language))


def _code(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()
