"""kubectl as far as `apply-all.sh` needs it, for a simulated cluster.

Answers from within the test's process: a script calls kubectl some fifteen times, and what is started
each time (`CLIENT`, in bash: up in a tenth of the time of Python) only hands over its arguments.
"""

import http.client
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import yaml

from mcp_platform.simulators.kubernetes.kinds import KINDS, ResourceKind

Object = dict[str, Any]
MANAGER = "mcp-platform-manifests"
CLIENT = r"""
exec 3<>"/dev/tcp/127.0.0.1/$1"
shift
given=
for each; do if [[ $each == - ]]; then given=$(cat); fi; done
printf '%s\0' "$PWD" "$given" "$#" "$@" >&3
for each in status out err; do IFS= read -r -d '' "$each" <&3; done
printf %s "$out"
printf %s "$err" >&2
exit "$status"
"""


class Failed(Exception):
    """kubectl ends with status 1; the sentence goes to standard error."""


def conditions(each: Object, wanted: Callable[[Object], bool], name: str) -> str:
    found = each.get("status", {}).get("conditions", [])
    return " ".join(condition[name] for condition in found if wanted(condition))


def listed(answer: Object) -> str:
    lines = ""
    for each in answer["items"]:
        about = each["metadata"]
        owner = about.get("ownerReferences", [{"kind": ""}])[0]["kind"]
        fields = [
            each["kind"],
            about["name"],
            about.get("namespace", ""),
            each["apiVersion"],
            owner,
        ]
        lines += "|".join(fields) + "\n"
    return lines


# What the script asks for, word for word, and what a real one answers.
JSONPATHS: dict[str, Callable[[Object], str]] = {
    '{.status.conditions[?(@.status=="True")].type}': lambda each: conditions(
        each, lambda condition: condition["status"] == "True", "type"
    ),
    '{.status.conditions[?(@.type=="ReplicaFailure")].message}': lambda each: conditions(
        each, lambda condition: condition["type"] == "ReplicaFailure", "message"
    ),
    "{.status.failed}": lambda each: str(each.get("status", {}).get("failed", "")),
    "{range .items[*]}{.kind}|{.metadata.name}|{.metadata.namespace}|{.apiVersion}"
    '|{.metadata.ownerReferences[0].kind}{"\\n"}{end}': listed,
}


class Kubectl:
    """kubectl for one cluster, behind a port of its own while the context is open."""

    def __init__(self, *, url: str, token: str) -> None:
        self.calls: list[str] = []
        self.unserved: tuple[str, ...] = ()
        self._address = urlsplit(url).netloc
        self._token = token
        kubectl = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                folder, given, count = (self._word() for _ in range(3))
                arguments = [self._word() for _ in range(int(count))]
                answer = kubectl.run(arguments, folder=Path(folder), given=given)
                self.wfile.write("".join(f"{each}\0" for each in answer).encode())

            def _word(self) -> str:
                return b"".join(iter(lambda: self.rfile.read(1), b"\0")).decode()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def command(self, folder: Path) -> str:
        """Return what starts it, with a file of its own in `folder`."""
        client = folder / "kubectl.sh"
        client.write_text(CLIENT)
        return f"bash {client} {self._server.server_address[1]}"

    def run(self, arguments: list[str], *, folder: Path, given: str) -> tuple[int, str, str]:
        """Do what one call asks for; return its exit status and what it says."""
        self.calls.append(" ".join(arguments))
        served = tuple(kind for kind in KINDS if kind.name not in self.unserved)
        with closing(http.client.HTTPConnection(self._address)) as server:
            call = Call(server, self._token, served, folder, given)
            try:
                call.do(arguments)
            except Failed as failed:
                call.err.append(str(failed))
        said = ("".join(f"{line}\n" for line in lines) for lines in (call.out, call.err))
        out, err = said
        return 1 if call.err else 0, out, err


@dataclass
class Call:
    """One call of kubectl."""

    server: http.client.HTTPConnection
    token: str
    served: tuple[ResourceKind, ...]
    folder: Path
    given: str
    options: dict[str, str] = field(default_factory=dict)
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)

    def do(self, arguments: list[str]) -> None:
        command, *rest = arguments
        files, words = [], []
        remaining = iter(rest)
        for each in remaining:
            if each == "-f":
                files.append(next(remaining))
            elif each.startswith("--"):
                name, _, value = each.removeprefix("--").partition("=")
                self.options[name] = value
            else:
                words.append(each)
        match command, *words:
            case "apply", *_:
                self.apply(files)
            case "delete", *_ if files:
                for found in self.documents(files):
                    self.ask("DELETE", path_of(found), missing=True)
            case "delete", kind, name:
                self.ask("DELETE", self.path(kind, name), missing=True)
            case "api-resources", *_:
                for each in self.served:
                    namespaced = str(each.namespaced).lower()
                    self.out.append(
                        f"{each.resource}  {each.api_version}  {namespaced}  {each.name}"
                    )
            case "get", "endpointslices":
                self.out.append("10.0.0.10")
            case "get", kinds if "all-namespaces" in self.options:
                self.show(self.every(kinds))
            case "get", kind, name:
                found = self.ask("GET", self.path(kind, name))
                if self.options["output"] == "name":
                    self.out.append(f"{kind}/{name}")
                else:
                    self.show(found)
            case "rollout", "status", named:
                self.rollout(named)
            case "wait", *_:
                self.out.append("condition met")
            case "logs", *_:
                self.out.append("the last lines of its log")
            case other:
                raise AssertionError(other)

    def show(self, found: Object) -> None:
        self.out.append(JSONPATHS[self.options["output"].removeprefix("jsonpath=")](found))

    def apply(self, files: list[str]) -> None:
        """Apply every file, and fail at the end if one could not be: as kubectl does."""
        force = "&force=true" if "force-conflicts" in self.options else ""
        for found in self.documents(files):
            where = f"{path_of(found)}?fieldManager={MANAGER}{force}"
            try:
                self.ask("PATCH", where, body=found)
            except Failed as failed:
                self.err.append(str(failed))

    def rollout(self, named: str) -> None:
        kind, _, name = named.partition("/")
        if kind != "deployment":
            return
        found = self.ask("GET", self.path(kind, name))
        if conditions(found, lambda each: each["type"] == "Progressing", "status") != "True":
            raise Failed(f'error: deployment "{name}" exceeded its progress deadline')

    def every(self, kinds: str) -> Object:
        items: list[Object] = []
        selector = self.options["selector"].replace(",", "%2C")
        for named in kinds.split(","):
            (kind,) = (
                each
                for each in self.served
                if named == f"{each.resource}.{each.group}".removesuffix(".")
            )
            items += self.ask("GET", f"{kind.root}/{kind.resource}?labelSelector={selector}")[
                "items"
            ]
        return {"items": items}

    def documents(self, files: list[str]) -> Iterator[Object]:
        for file in files:
            text = self.given if file == "-" else (self.folder / file).read_text()
            yield from (each for each in yaml.load_all(text, yaml.CSafeLoader) if each)

    def path(self, named: str, name: str) -> str:
        kind = next(each for each in self.served if named in {each.name.lower(), each.resource})
        return path(kind, name, namespace=self.options.get("namespace", ""))

    def ask(
        self, method: str, where: str, *, body: Object | None = None, missing: bool = False
    ) -> Any:
        if "dry-run" in self.options:
            where += ("&" if "?" in where else "?") + "dryRun=All"
        self.server.request(
            method,
            where,
            body=None if body is None else json.dumps(body),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/apply-patch+yaml",
            },
        )
        answer = self.server.getresponse()
        told = json.loads(answer.read())
        if answer.status == http.HTTPStatus.NOT_FOUND and missing:
            return None
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise Failed(f"Error from server: {told['message']}")
        return told


def path_of(found: Object) -> str:
    kind = next(
        each
        for each in KINDS
        if (each.api_version, each.name) == (found["apiVersion"], found["kind"])
    )
    about = found["metadata"]
    return path(kind, about["name"], namespace=about.get("namespace", ""))


def path(kind: ResourceKind, name: str, *, namespace: str) -> str:
    home = f"{kind.root}/namespaces/{namespace}" if kind.namespaced else kind.root
    return f"{home}/{kind.resource}/{name}"
