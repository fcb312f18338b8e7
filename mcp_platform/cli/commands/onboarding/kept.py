"""What was answered so far, and the files that keep it between runs. Never a secret.

Quick to import: whoever runs `onboard` is to be asked something at once.
"""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcp_platform.kit.files import replace_file

DRAFT = "draft"
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


@dataclass(frozen=True, slots=True)
class Kept:
    """Answers of clients that are not finished yet, one file each, for the owner of the process."""

    folder: Path

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def unfinished(self) -> list[str]:
        return sorted(file.stem for file in self.folder.glob("[!.]*.json"))

    def load(self, name: str) -> Answers:
        """Return what was kept of a client; what is damaged or will not do is forgotten."""
        # Slow to import, and it imports this module.
        from mcp_platform.cli.commands.onboarding.answers import check  # noqa: PLC0415

        try:
            found = json.loads(self.file(name).read_text("utf-8"))
        except (OSError, ValueError):
            return Answers()
        if not isinstance(found, dict):
            return Answers()
        draft = found.pop(DRAFT, {})
        return Answers(check(found)[0], draft if isinstance(draft, dict) else {})

    def save(self, answers: Answers) -> None:
        """Write the file of `answers`, if it has a name yet."""
        if answers.kept_as is None:
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        said = {**answers.values, **({DRAFT: answers.draft} if answers.draft else {})}
        content = json.dumps(said, ensure_ascii=False, indent=2)
        replace_file(self.file(answers.kept_as), content.encode(), mode=0o600)

    def remove(self, name: str) -> None:
        self.file(name).unlink(missing_ok=True)


def slug(name: str, *, most: int = LONGEST_NAME) -> str:
    """Return `name` as a client or a service may be called: `barbearia-do-ze`; perhaps nothing."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:most].strip("-")
