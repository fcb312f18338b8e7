"""The files that keep between runs what was answered. Never a secret.

Quick to import: whoever runs `onboard` is to be asked something at once.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from mcp_platform.kit.files import replace_file
from mcp_platform.onboarding.given import Answers

DRAFT = "draft"


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
        from mcp_platform.onboarding.answers import check  # noqa: PLC0415  # slow to import

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
