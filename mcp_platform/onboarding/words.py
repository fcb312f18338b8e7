"""What the interview says, in Portuguese and English, by name. It stands in files of `words`."""

from collections.abc import Iterator, Mapping

from mcp_platform.onboarding.answers import UnfitAnswer
from mcp_platform.tenants.languages import StaffLanguage
from mcp_platform.words.files import MalformedWords, read


def _both() -> Iterator[tuple[str, tuple[str, str]]]:
    portuguese, english = (read(file) for file in FILES)
    for name in portuguese.keys() ^ english.keys():
        raise MalformedWords(FILES[1], name, f"is not in this file and in {FILES[0]}")
    for name in portuguese:
        yield name, (portuguese[name], english[name])


FILES = ("onboarding.pt-BR.yaml", "onboarding.en.yaml")
WORDS: Mapping[str, tuple[str, str]] = dict(_both())
"""What each name stands for, in Portuguese and in English."""


class OnboardingWords:
    """Says what a name stands for, in one language."""

    def __init__(self, language: StaffLanguage) -> None:
        self.language = language

    def __call__(self, name: str, /, **details: str) -> str:
        portuguese, english = WORDS[name]
        return (portuguese if self.language == "pt-BR" else english).format(**details)

    def unfit(self, error: UnfitAnswer) -> str:
        """Say why an answer will not do, and in which file it stands if in one."""
        name = f"wrong.{error.code}"
        said, file = self(name, **error.details), error.details.get("file")
        return f"{said} ({file})" if file and "{file}" not in WORDS[name][0] else said
