"""What the console says: `words/console/<part>.<language>.yaml`, a file for each part and language.

A section stands in one file. A sentence is named by its section and id, `sign_in.title`. With a number it is `<id>.one` or
`<id>.other`. Values stand in `{braces}`; templates escape what comes out.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from mcp_platform.tenants.languages import StaffLanguage
from mcp_platform.words.files import MalformedWords, names, read

Tongue = StaffLanguage
TONGUES: Final[tuple[Tongue, ...]] = get_args(Tongue)
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_WANTED = re.compile(r"([a-z-]{2,20})(?:;q=([01](?:\.[0-9]{1,3})?))?")  # RFC 9110, without blanks


def _flat(held: Mapping[str, Any], *, file: str) -> Iterator[tuple[str, str]]:
    for section, sentences in held.items():
        for name, said in sentences.items():
            where = f"{section}.{name}"
            match said:
                case str():
                    yield where, said
                case {"one": str(one), "other": str(other)}:
                    yield f"{where}.one", one
                    yield f"{where}.other", other
                case _:
                    raise MalformedWords(file, where, "is no text, and no `one` and `other`")


def _sentences() -> dict[Tongue, dict[str, str]]:
    said: dict[Tongue, dict[str, str]] = {}
    for tongue in TONGUES:
        said[tongue] = {}
        for file in names("console", ending=f".{tongue}.yaml"):
            for name, text in _flat(read(file), file=file):
                if name in said[tongue]:
                    raise MalformedWords(file, name, "stands in another file too")
                said[tongue][name] = text
        file = f"console/*.{tongue}.yaml"
        for name in said[tongue].keys() ^ said[TONGUES[0]].keys():
            raise MalformedWords(file, name, "is not in both languages")
        for name, text in said[tongue].items():
            if set(_PLACEHOLDER.findall(text)) != set(_PLACEHOLDER.findall(said[TONGUES[0]][name])):
                raise MalformedWords(file, name, "has other placeholders than the first language")
    return said


SENTENCES: Final[Mapping[Tongue, Mapping[str, str]]] = _sentences()


def sentence(tongue: Tongue, name: str, **values: object) -> str:
    """Return a sentence. `n` chooses between `one` and `other`, where there are both."""
    said = SENTENCES[tongue]
    if name not in said:
        name += ".one" if values["n"] == 1 else ".other"
    return said[name].format_map(values)


def preferred(accept_language: str) -> Tongue:
    """Return the language that a browser asks for; Portuguese unless English comes first."""
    wanted = [
        (float(found[2] or 1), -place, found[1])
        for place, each in enumerate(accept_language.split(",")[:10])
        if (found := _WANTED.fullmatch("".join(each.lower().split())))
        and found[1][:2] in ("pt", "en")
    ]
    return "en" if wanted and max(wanted)[2].startswith("en") else "pt-BR"
