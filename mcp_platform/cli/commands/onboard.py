"""`onboard`: a new client, from the first question to credentials that are proved and saved."""

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_platform.cli.failures import FAILED, INTERRUPTED, fail
from mcp_platform.cli.spoken import Spoken
from mcp_platform.errors import PlatformError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_platform.cli.commands.onboarding.asking import Prompter
    from mcp_platform.cli.commands.onboarding.course import OnboardingRun
    from mcp_platform.cli.commands.onboarding.interview import Interview
    from mcp_platform.cli.commands.onboarding.kept import Kept
    from mcp_platform.onboarding.given import Answers
    from mcp_platform.onboarding.registering import KnownInstallation
    from mcp_platform.onboarding.words import OnboardingWords
    from mcp_platform.settings import Settings

MISUSED = 2
LONGEST_BUSINESS = 120  # characters, as the registry has it: which is not loaded yet
LANG = typer.Option("--lang", help="What is said in.")
FROM_FILE = typer.Option(
    "--from-file",
    help="Answers in JSON or YAML, as docs/examples/onboarding.json: what it answers is not asked.",
    show_default=False,
)
NON_INTERACTIVE = typer.Option(
    "--non-interactive", help="Ask nothing: everything is in the file, or is said to be missing."
)
SAVE_ANYWAY = typer.Option(
    "--save-anyway",
    help="Without questions: save credentials that a vendor refuses, or does not answer for.",
)


class InterviewStopped(Exception):
    """Whoever answers wants to go on another time."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """What takes seconds to have: the database, and what it knows."""

    database_url: str
    known: "KnownInstallation"


def onboard(
    *,
    lang: Annotated[Spoken, LANG] = Spoken.pt,
    from_file: Annotated[Path | None, FROM_FILE] = None,
    non_interactive: Annotated[bool, NON_INTERACTIVE] = False,
    save_anyway: Annotated[bool, SAVE_ANYWAY] = False,
) -> None:
    """Ask everything about a new client, prove its credentials with the vendors, and save it.

    Ctrl-C at any question: what is no secret is kept, and the next run goes on at that question.
    Exit status: 0 done, 1 refused or stopped, 2 answers missing or misused.
    """
    if non_interactive and from_file is None:
        raise typer.BadParameter("--non-interactive needs --from-file.")
    if save_anyway and not non_interactive:
        raise typer.BadParameter("--save-anyway goes with --non-interactive; else it is asked.")
    if not non_interactive and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise typer.BadParameter(
            "There is no terminal to ask at. Give --from-file FILE --non-interactive."
        )
    from mcp_platform.cli.commands.onboarding.kept import Kept  # noqa: PLC0415  # slow to import
    from mcp_platform.kit.logging import configure_logging  # noqa: PLC0415  # slow to import
    from mcp_platform.onboarding.given import Answers  # noqa: PLC0415  # slow to import
    from mcp_platform.onboarding.words import OnboardingWords  # noqa: PLC0415  # slow to import
    from mcp_platform.settings import Settings  # noqa: PLC0415  # slow to import

    settings, words = Settings(), OnboardingWords(lang.language)
    configure_logging(level="ERROR", form="console", show_texts=False)
    kept = Kept(settings.data_dir / "onboarding")
    answers, unfit = (Answers(), {}) if from_file is None else _read(from_file, words)
    with ExitStack() as servers:
        if from_file is not None and non_interactive:
            opened = _open(settings, servers)
            course = _course(settings, opened, words, kept)
            values, made_here = _complete(answers, unfit, opened.known, words, file=from_file)
            _without_questions(answers, values, made_here, course, words, save_anyway=save_anyway)
            return
        if unfit and from_file is not None:  # what is missing is asked for, what is wrong is mended
            _refuse(unfit, words, file=from_file)
        # Beside the first question: nobody looks at an empty terminal for as long as that takes.
        beside = servers.enter_context(ThreadPoolExecutor(1))
        _with_questions(answers, beside.submit(_open, settings, servers), settings, kept, words)


def _open(settings: "Settings", stack: ExitStack) -> _Opened:
    """Open the database, until `stack` is closed, and look at what there is."""
    import asyncio  # noqa: PLC0415  # only here

    import mcp_platform.cli.commands.onboarding.course  # noqa: F401, PLC0415  # slow: what is needed next
    from mcp_platform.cli.operating import command_actor, database  # noqa: PLC0415  # slow
    from mcp_platform.cli.servers import refuse_old_schema, servers  # noqa: PLC0415  # slow
    from mcp_platform.onboarding.registering import look  # noqa: PLC0415  # slow to import

    given = stack.enter_context(servers(settings))
    refuse_old_schema(given.database_url)

    async def known() -> "KnownInstallation":
        async with database(given.database_url) as sessions, sessions.everywhere() as session:
            return await look(session, command_actor())

    return _Opened(given.database_url, asyncio.run(known()))


def _course(
    settings: "Settings", opened: _Opened, words: "OnboardingWords", kept: "Kept"
) -> "OnboardingRun":
    from mcp_platform.cli.commands.onboarding.course import OnboardingRun  # noqa: PLC0415  # slow to import

    return OnboardingRun(
        settings=settings,
        database_url=opened.database_url,
        words=words,
        known=opened.known,
        kept=kept,
    )


def _read(file: Path, words: "OnboardingWords") -> "tuple[Answers, dict[str, str]]":
    """Read a file of answers, and what is wrong with some; what is named in it lies beside it."""
    from mcp_platform.onboarding.answers import FILES, check, read_file  # noqa: PLC0415  # slow to import
    from mcp_platform.onboarding.given import Answers  # noqa: PLC0415  # slow to import

    values, wrong = check(read_file(file))
    for held in values.get("credentials", {}).values():
        held |= {name: str(file.parent / held[name]) for name in FILES if name in held}
    return Answers(values), {name: words.unfit(each) for name, each in wrong.items()}


def _refuse(wrong: dict[str, str], words: "OnboardingWords", *, file: Path) -> None:
    lines = [words("missing", file=str(file)), *(f"  {name}: {why}" for name, why in wrong.items())]
    fail("\n".join(lines), status=MISUSED)


# Without questions.


def _without_questions(
    answers: "Answers",
    values: dict[str, dict[str, str]],
    made_here: set[str],
    course: "OnboardingRun",
    words: "OnboardingWords",
    *,
    save_anyway: bool,
) -> None:
    for environment, held in values.items():
        proof = course.prove(answers, environment, held)
        if proof.outcome != "passed" and not save_anyway:
            path = f"{answers.client_name}/{environment}"
            why = "refused" if proof.outcome == "overruled" else "unproved.refused"
            fail(words(why, path=path), status=FAILED)
    course.summary(answers, values)
    course.write(answers, values)
    course.next_steps(answers, values, made_here=made_here)


def _complete(
    answers: "Answers",
    unfit: dict[str, str],
    known: "KnownInstallation",
    words: "OnboardingWords",
    *,
    file: Path,
) -> tuple[dict[str, dict[str, str]], set[str]]:
    """Return all credentials; end with everything that is missing or wrong, at once."""
    import secrets  # noqa: PLC0415  # only here

    from mcp_platform.cli.commands.onboarding.interview import VERIFY, lacking, needed, values_of  # noqa: PLC0415  # slow to import
    from mcp_platform.onboarding.answers import DEFAULTS, UnfitAnswer, catalogue  # noqa: PLC0415  # slow to import

    wrong: dict[str, str] = {
        name: words("wrong.missing")
        for name in needed(answers, known)
        if not (name in answers.values or name in DEFAULTS)
        if not any(each.startswith(name) for each in unfit)
    }
    wrong |= unfit
    values: dict[str, dict[str, str]] = {}
    made_here: set[str] = set()
    taken = dict(known.numbers)
    for environment in answers.values.get("environments", []):
        name = f"credentials.{environment}"
        path = f"{answers.values.get('client_name')}/{environment}"
        if known.environments.get(path):
            wrong[name] = words("wrong.environment_exists", names=path)
            continue
        held, unread = values_of(answers, environment)
        wrong |= {f"{name}.{at}": words.unfit(error) for at, error in unread.items()}
        if held and VERIFY not in held:
            held[VERIFY] = secrets.token_urlsafe(24)
            made_here.add(environment)
        if not unread.keys() & {"file", "google_file"}:  # else nothing of it is known
            where = answers.credentials(environment).get("file", str(file))
            for key in lacking(answers, held):
                if key not in unread and f"{name}.{key}" not in unfit:
                    wrong[f"{name}.{key}"] = words("wrong.missing_in", file=where)
        owner = taken.setdefault(held.get("WHATSAPP_PHONE_NUMBER_ID", ""), path)
        if owner != path and "WHATSAPP_PHONE_NUMBER_ID" in held:
            wrong[f"{name}.WHATSAPP_PHONE_NUMBER_ID"] = words("wrong.number_taken", path=owner)
        values[environment] = held
    try:
        if {"services", "professionals"} <= set(answers.values):
            catalogue(answers)
    except UnfitAnswer as error:
        wrong[f"professionals{error.at}"] = words.unfit(error)
    if wrong:
        _refuse(wrong, words, file=file)
    return values, made_here


# With questions.


def _with_questions(
    answers: "Answers",
    opening: "Future[_Opened]",
    settings: "Settings",
    kept: "Kept",
    words: "OnboardingWords",
) -> None:
    from mcp_platform.cli.commands.onboarding.asking import Prompter  # noqa: PLC0415  # slow to import

    asking = Prompter(words)
    try:
        if not answers.values:
            answers = _begin(asking, kept, words)
        if not opening.done():
            typer.echo(words("opening"), err=True)
        opened = opening.result()
        from mcp_platform.cli.commands.onboarding.interview import Interview  # noqa: PLC0415  # slow

        course = _course(settings, opened, words, kept)
        interview = Interview(
            asking=asking,
            words=words,
            known=opened.known,
            kept=kept,
            answers=answers,
            store_of=_store_of(settings, words),
        )
        if len(answers.values) > 1:
            course.summary(answers, {})
        interview.missing()
        for environment in interview.environments_now():
            interview.credentials(environment)
            _prove(interview, course, asking, words, environment)
        _agree(interview, course, asking, words)
        course.write(interview.answers, interview.values)
    except (KeyboardInterrupt, InterviewStopped, PlatformError) as end:
        file = None if answers.kept_as is None else kept.file(answers.kept_as)
        typer.echo()
        there = file is not None and file.exists()
        typer.echo(words("stopped", file=str(file)) if there else words("stopped.empty"))
        if isinstance(end, PlatformError):
            raise
        raise typer.Exit(FAILED if isinstance(end, InterviewStopped) else INTERRUPTED) from None
    course.next_steps(interview.answers, interview.values, made_here=interview.made_here)


def _begin(asking: "Prompter", kept: "Kept", words: "OnboardingWords") -> "Answers":
    """Offer what was not finished, or ask the first question of a new client."""
    from mcp_platform.onboarding.given import Answers  # noqa: PLC0415  # slow to import

    unfinished = kept.unfinished()
    if unfinished:
        choices = {name: words("unfinished.go_on", name=name) for name in unfinished}
        chosen = asking.choose(words("unfinished"), {**choices, "": words("unfinished.new")})
        if chosen and (answers := kept.load(chosen)).values:
            typer.echo(words("going_on"))
            return answers

    def check(typed: str) -> str | None:
        said = typed.strip()
        good = 0 < len(said) <= LONGEST_BUSINESS and said.isprintable()
        return None if good else words("wrong.business_name")

    answers = Answers({"business_name": asking.text(words("business_name"), check=check)})
    kept.save(answers)
    return answers


def _store_of(settings: "Settings", words: "OnboardingWords") -> "Callable[[str], str]":
    """Return what says where the credentials of a tenant's path will be kept."""
    from mcp_platform.tenants.cluster_names import namespace_of, secret_of  # noqa: PLC0415  # slow

    def store_of(path: str) -> str:
        client_name, _, environment = path.partition("/")
        if settings.sealed:
            return words("store.sealed")
        if settings.credentials_store == "kubernetes":
            return words(
                "store.kubernetes",
                secret=secret_of(client_name=client_name),
                namespace=namespace_of(client_name=client_name, environment=environment),
            )
        file = settings.credentials_dir / f"{client_name}-{environment}.env"
        return words("store.directory", file=str(file))

    return store_of


def _prove(
    interview: "Interview",
    course: "OnboardingRun",
    asking: "Prompter",
    words: "OnboardingWords",
    environment: str,
) -> None:
    """Ask the vendors until they agree, or whoever answers decides otherwise."""
    while (
        proof := course.prove(interview.answers, environment, interview.values[environment])
    ).outcome != "passed":
        refused = proof.outcome == "overruled"
        choices = {
            **{key: words("proof.correct", what=words(key)) for key in interview.correctable},
            "again": words("proof.again"),
            "anyway": words("proof.anyway"),
            "stop": words("stop"),
        }
        chosen = asking.choose(words("proof.next" if refused else "proof.unanswered"), choices)
        if chosen == "stop":
            raise InterviewStopped
        if chosen == "anyway":
            sure = words("proof.sure" if refused else "proof.sure.unproved")
            if asking.agrees(sure, default=False):
                return
        elif chosen != "again":
            interview.ask_credential(environment, chosen)


def _agree(
    interview: "Interview", course: "OnboardingRun", asking: "Prompter", words: "OnboardingWords"
) -> None:
    """Show the summary until it is right."""
    while True:
        course.summary(interview.answers, interview.values)
        choices = {name: words(f"summary.{name}") for name in ("write", "correct")}
        chosen = asking.choose(words("summary.next"), {**choices, "stop": words("stop")})
        if chosen == "write":
            return
        if chosen == "stop":
            raise InterviewStopped
        which = {name: words(name) for name in interview.needed() if name != "environments"}
        for environment in interview.values:
            which |= {
                f"{environment}.{key}": f"{environment}: {words(key)}"
                for key in interview.correctable
            }
        name = asking.choose(words("summary.which"), which)
        environment, _, key = name.partition(".")
        if key:
            interview.ask_credential(environment, key)
            _prove(interview, course, asking, words, environment)
        else:
            interview.ask(name)
