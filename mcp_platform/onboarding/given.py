"""What was answered so far. Never a secret.

Quick to import: whoever runs `onboard` is to be asked something at once.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

LONGEST_NAME = 40  # of a client


@dataclass(slots=True)
class Answers:
    """What was answered, in the form of the file: `values` may be written to disk.

    Attributes:
        values: Whole answers by name.
        draft: Answers to single questions of a list that is not whole yet, by question: the next
            run goes on at the first that is not there.
    """

    values: dict[str, Any] = field(default_factory=dict)
    draft: dict[str, Any] = field(default_factory=dict)

    @property
    def client_name(self) -> str:
        return str(self.values["client_name"])

    @property
    def environments(self) -> list[str]:
        return list(self.values["environments"])

    @property
    def kept_as(self) -> str | None:
        """What its file is called; None while nothing is answered that could name it."""
        name = self.values.get("client_name") or slug(str(self.values.get("business_name", "")))
        return name or None

    def credentials(self, environment: str) -> dict[str, str]:
        """Return what is known of an environment's credentials; what is set in it is kept."""
        found: dict[str, str] = self.values.setdefault("credentials", {}).setdefault(
            environment, {}
        )
        return found

    def drop_draft(self, of: str) -> None:
        """Forget the single answers to the questions of `of`."""
        for question in [each for each in self.draft if each.startswith(f"{of}.")]:
            del self.draft[question]


def slug(name: str, *, most: int = LONGEST_NAME) -> str:
    """Return `name` as a client or a service may be called: `barbearia-do-ze`; perhaps nothing."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:most].strip("-")
