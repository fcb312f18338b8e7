"""The forms of `forms.yaml`: of days, hours, prices and the business's name, in each language."""

from collections.abc import Mapping
from itertools import chain
from typing import Any, cast

from mcp_platform.tenants.languages import LANGUAGES, Language
from mcp_platform.words.files import read


def forms(language: Language) -> dict[str, Any]:
    """Return a language's forms by name."""
    return cast("dict[str, Any]", read("forms.yaml")[language])


def with_article(form: str, business: str, *, article: str | None, language: Language) -> str:
    """Write the business's name after an article: "da Barbearia do Zé" (`of`), "no Salão" (`in`).

    `form` is `of`, `the` or `in`. Without an `article`, that of the kind of business that the name
    begins with; "de Cortes & Cia" where it begins with none.
    """
    pattern = article_pattern(form, business, article=article, language=language)
    return pattern.format(business=business)


def article_pattern(form: str, business: str, *, article: str | None, language: Language) -> str:
    """Return what `with_article` writes, with `{business}` for the name."""
    first = business.casefold().partition(" ")[0]
    kinds = forms(language)["kinds"]
    known = article or next((each for each in kinds if first in kinds[each]), "none")
    return str(forms(language)[form][known])


def greeting(hour: int, *, language: Language) -> str:
    """Write the greeting of an hour of the day, 0 to 23, by the business's clock."""
    part = "morning" if 5 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "night"  # noqa: PLR2004  # as people greet
    return str(forms(language)[part])


POSSESSIVES: Mapping[str, str] = dict(
    chain.from_iterable(forms(each)["possessives"].items() for each in LANGUAGES)
)
"""What "my" is to the one who reads it back, "your"; a contact may write in any language."""


def your_person(person: str) -> str:
    """Write whom a customer named, for them to read: "meu filho João" is "seu filho João"."""
    first, space, rest = person.partition(" ")
    yours = POSSESSIVES.get(first.casefold())
    return f"{yours}{space}{rest}" if yours and rest else person


def their_person(person: str) -> str:
    """Write whom a customer named, for the business to read: "meu filho João" is "filho João"."""
    first, _, rest = person.partition(" ")
    return rest if rest and first.casefold() in POSSESSIVES else person
