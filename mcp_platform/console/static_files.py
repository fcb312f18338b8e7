"""Files that every page asks for: in memory, compressed once, under names that change with them.

A name holds the digest of its content, so a browser asks for it once. Icons are one sprite, made
here of those in `ICONS`; a template that names another one fails.
"""

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Final
from zipfile import ZipFile

from starlette.requests import Request
from starlette.responses import Response

from mcp_platform.console.browser import HEADERS
from mcp_platform.errors import NotFound

ICONS: Final = (
    "arrow-down", "arrow-left", "arrow-right", "arrow-up", "bell", "bell-ring", "bot",
    "calendar",
    "calendar-days", "calendar-off", "calendar-plus", "calendar-x", "check", "check-check",
    "chevron-left", "chevron-right", "circle-alert", "circle-check", "circle-dashed",
    "circle-pause", "circle-question-mark", "circle-user", "clock", "cloud-upload", "copy", "download", "file-text",
    "hand",
    "inbox", "info", "key-round", "languages", "list", "lock", "log-out", "message-circle",
    "message-circle-question-mark",
    "messages-square", "monitor", "moon", "mouse-pointer-click", "palette", "paperclip", "pause",
    "phone", "play", "plug", "plus", "quote", "rocket", "rotate-cw", "scissors", "scroll-text", "search",
    "send", "settings", "shield-check", "smartphone", "sparkles", "stethoscope", "store", "sun",
    "terminal", "trash-2", "triangle-alert", "undo-2", "user-round", "users",
)  # fmt: skip
STEPS: Final = 25 * 12  # of five minutes, on a day on which an hour comes twice
KINDS: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FOREVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A file as it is sent."""

    kind: str
    content: bytes
    gzipped: bytes


class StaticFiles:
    """The files by the names that pages know (`console.css`), and by those that are asked for."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._served: dict[str, StaticFile] = {}
        for name, content in _contents():
            stem, _, ending = name.rpartition(".")
            served = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
            self._names[name] = served
            self._served[served] = StaticFile(
                kind=KINDS[ending], content=content, gzipped=gzip.compress(content, 9, mtime=0)
            )

    def address(self, name: str) -> str:
        """Return where a page asks for a file. Raises KeyError for one that is not there."""
        return f"/console/static/{self._names[name]}"

    def icon(self, name: str) -> str:
        """Return where an icon is. Raises KeyError for one that is not in the sprite."""
        if name not in ICONS:
            raise KeyError(name)
        return f"{self.address('icons.svg')}#{name}"

    def serve(self, request: Request) -> Response:
        """Answer with a file, compressed where that is understood."""
        found = self._served.get(request.path_params["name"])
        if found is None:
            raise NotFound("There is no such file.")
        zipped = "gzip" in request.headers.get("accept-encoding", "")
        headers = {**HEADERS, "cache-control": FOREVER, "vary": "accept-encoding"}
        if zipped:
            headers["content-encoding"] = "gzip"
        content = found.gzipped if zipped else found.content
        return Response(content, media_type=found.kind, headers=headers)


def _contents() -> Iterator[tuple[str, bytes]]:
    ours = files(__package__)
    static = ours.joinpath("static")
    # The design system first: it declares the layers that each part's own file adds to.
    sheets = sorted(static.joinpath("css").iterdir(), key=lambda each: each.name)
    yield "console.css", b"".join([*(each.read_bytes() for each in sheets), _steps()])
    for each in static.iterdir():
        if each.is_file():
            yield each.name, each.read_bytes()
    # Put there by `make` and by the build of the image: see assets.py.
    yield "htmx.js", ours.joinpath("vendor", "htmx.js").read_bytes()
    yield "icons.svg", _sprite().encode()


def _steps() -> bytes:
    """Return the classes that place things in a day: `f108 l12` begins in row 108 and has 12.

    The policy forbids the style that would do it.
    """
    steps = "".join(
        f".f{n}{{grid-row-start:{n + 1}}}.l{n + 1}{{grid-row-end:span {n + 1}}}"
        for n in range(STEPS)
    )
    return f"@layer pages{{{steps}}}".encode()


def _sprite() -> str:
    """Draw all icons. The package's own function opens its archive once for each: a second at start."""
    with files("lucide").joinpath("lucide.zip").open("rb") as file, ZipFile(file) as icons:
        symbols = "".join(_symbol(name, icons.read(f"{name}.svg").decode()) for name in ICONS)
    return f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>'


def _symbol(name: str, drawn: str) -> str:
    shapes = drawn[drawn.index(">", drawn.index("<svg")) + 1 : drawn.rindex("</svg>")]
    inside = "".join(line.strip() for line in shapes.splitlines())
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        f' stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round">{inside}</symbol>'
    )
