"""`onboard`: a new client, from the first question to credentials that are proved and saved."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_platform.cli.failures import FAILED, INTERRUPTED, fail
from mcp_platform.cli.spoken import Spoken
from mcp_platform.errors import PlatformError

if TYPE_CHECKING:
    from mcp_platform.cli.commands.onboarding.answers import AnswerFiles, OnboardingAnswers
    from mcp_platform.cli.commands.onboarding.asking import Prompter
    from mcp_platform.cli.commands.onboarding.course import OnboardingRun
    from mcp_platform.cli.commands.onboarding.interview import Interview
    from mcp_platform.cli.commands.onboarding.known import KnownInstallation
    from mcp_platform.cli.commands.onboarding.words import OnboardingWords

MISUSED = 2
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


def onboard(
    *,
    lang: Annotated[Spoken, LANG] = Spoken.pt,
    from_file: Annotated[Path | None, FROM_FILE] = None,
    non_interactive: Annotated[bool, NON_INTERACTIVE] = False,
    save_anyway: Annotated[bool, SAVE_ANYWAY] = False,
) -> None:
    """Ask everything about a new client, prove its credentials with the vendors, and save it.

    Ctrl-C at any time: what is no secret is kept, and the next run goes on from there. Exit status:
    0 done, 1 refused or stopped, 2 answers missing or misused.
    """
    if non_interactive and from_file is None:
        raise typer.BadParameter("--non-interactive needs --from-file.")
    if save_anyway and not non_interactive:
        raise typer.BadParameter("--save-anyway goes with --non-interactive; else it is asked.")
    if not non_interactive and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise typer.BadParameter(
            "There is no terminal to ask at. Give --from-file FILE --non-interactive."
        )
    import asyncio  # noqa: PLC0415  # only here

    from mcp_platform.cli.commands.onboarding.answers import AnswerFiles, OnboardingAnswers  # noqa: PLC0415  # slow to import
    from mcp_platform.cli.commands.onboarding.course import OnboardingRun  # noqa: PLC0415  # slow to import
    from mcp_platform.cli.commands.onboarding.known import look  # noqa: PLC0415  # slow to import
    from mcp_platform.cli.commands.onboarding.words import OnboardingWords  # noqa: PLC0415  # slow to import
    from mcp_platform.cli.operating import database  # noqa: PLC0415  # slow to import
    from mcp_platform.cli.servers import refuse_old_schema, servers  # noqa: PLC0415  # slow
    from mcp_platform.kit.logging import configure_logging  # noqa: PLC0415  # slow to import
    from mcp_platform.settings import Settings  # noqa: PLC0415  # slow to import

    settings, words = Settings(), OnboardingWords(lang.value)
    configure_logging(level="ERROR", form="console", show_texts=False)
    answers = OnboardingAnswers() if from_file is None else _read(from_file, words)
    with servers(settings) as given:
        refuse_old_schema(given.database_url)

        async def known() -> "KnownInstallation":
            async with database(given.database_url) as sessions, sessions.everywhere() as session:
                return await look(session)

        found = asyncio.run(known())
        kept = AnswerFiles(settings.data_dir / "onboarding")
        course = OnboardingRun(
            settings=settings,
            database_url=given.database_url,
            words=words,
            known=found,
            kept=kept,
        )
        if non_interactive:
            _without_questions(answers, course, found, words, save_anyway=save_anyway)
            return
        _with_questions(answers, course, found, kept, words)


def _read(file: Path, words: "OnboardingWords") -> "OnboardingAnswers":
    """Read a file of answers; what is named in it lies beside it."""
    from mcp_platform.cli.commands.onboarding.answers import (  # noqa: PLC0415  # slow to import
        FILES,
        OnboardingAnswers,
        check,
        read_file,
    )

    values, wrong = check(read_file(file))
    if wrong:
        _refuse(
            {name: words(f"wrong.{each.code}", **each.details) for name, each in wrong.items()},
            words,
        )
    for held in values.get("credentials", {}).values():
        held |= {name: str(file.parent / held[name]) for name in FILES if name in held}
    return OnboardingAnswers(values)


def _refuse(wrong: dict[str, str], words: "OnboardingWords") -> None:
    lines = [words("missing"), *(f"  {name}: {why}" for name, why in wrong.items())]
    fail("\n".join(lines), status=MISUSED)


# Without questions.


def _without_questions(
    answers: "OnboardingAnswers",
    course: "OnboardingRun",
    known: "KnownInstallation",
    words: "OnboardingWords",
    *,
    save_anyway: bool,
) -> None:
    values, made_here = _complete(answers, known, words)
    for environment, held in values.items():
        proof = course.prove(answers, environment, held)
        if proof.open and not save_anyway:
            path = f"{answers.client_name}/{environment}"
            why = "refused" if proof.outcome == "overruled" else "unproved.refused"
            fail(words(why, path=path), status=FAILED)
    course.summary(answers, values)
    course.write(answers, values)
    course.next_steps(answers, values, made_here=made_here)


def _complete(
    answers: "OnboardingAnswers", known: "KnownInstallation", words: "OnboardingWords"
) -> tuple[dict[str, dict[str, str]], set[str]]:
    """Return all credentials; end with everything that is missing or wrong, at once."""
    import secrets  # noqa: PLC0415  # only here

    from mcp_platform.cli.commands.onboarding.answers import UnfitAnswer, catalogue  # noqa: PLC0415  # slow
    from mcp_platform.cli.commands.onboarding.course import VERIFY  # noqa: PLC0415  # slow to import
    from mcp_platform.cli.commands.onboarding.interview import needed, values_of  # noqa: PLC0415  # slow
    from mcp_platform.credentials.forms import SETTABLE  # noqa: PLC0415  # slow to import

    wrong: dict[str, str] = {
        name: words("wrong.missing")
        for name in needed(answers, known)
        if name not in answers.values
    }
    values: dict[str, dict[str, str]] = {}
    made_here: set[str] = set()
    taken = dict(known.numbers)
    for environment in answers.values.get("environments", []):
        name = f"credentials.{environment}"
        path = f"{answers.values.get('client_name')}/{environment}"
        if known.environments.get(path):
            wrong[name] = words("wrong.environment_exists", names=path)
            continue
        try:
            held = values_of(answers, environment)
        except UnfitAnswer as error:
            wrong[name] = words(f"wrong.{error.code}", **error.details)
            continue
        if held and VERIFY not in held:
            held[VERIFY] = secrets.token_urlsafe(24)
            made_here.add(environment)
        for key in SETTABLE:
            if key not in held:
                wrong[f"{name}.{key}"] = words("wrong.missing")
        owner = taken.setdefault(held.get("WHATSAPP_PHONE_NUMBER_ID", ""), path)
        if owner != path and "WHATSAPP_PHONE_NUMBER_ID" in held:
            wrong[f"{name}.WHATSAPP_PHONE_NUMBER_ID"] = words("wrong.number_taken", path=owner)
        values[environment] = held
    try:
        if {"services", "professionals"} <= set(answers.values):
            catalogue(answers)
    except UnfitAnswer as error:
        wrong["professionals"] = words(f"wrong.{error.code}", **error.details)
    if wrong:
        _refuse(wrong, words)
    return values, made_here


# With questions.


def _with_questions(
    answers: "OnboardingAnswers",
    course: "OnboardingRun",
    known: "KnownInstallation",
    kept: "AnswerFiles",
    words: "OnboardingWords",
) -> None:
    from mcp_platform.cli.commands.onboarding.asking import Prompter  # noqa: PLC0415  # slow to import
    from mcp_platform.cli.commands.onboarding.interview import Interview  # noqa: PLC0415  # slow to import

    asking = Prompter(words)
    interview = Interview(asking=asking, words=words, known=known, kept=kept, answers=answers)
    try:
        if not answers.values:
            _pick_up(interview, course, kept, asking, words)
        interview.missing()
        for environment in interview.environments_now():
            interview.credentials(environment)
            _prove(interview, course, asking, words, environment)
        _agree(interview, course, asking, words)
        course.write(interview.answers, interview.values)
    except (KeyboardInterrupt, InterviewStopped, PlatformError) as end:
        file = kept.file(str(interview.answers.values.get("client_name", "")))
        typer.echo()
        typer.echo(words("stopped", file=str(file)) if file.exists() else words("stopped.empty"))
        if isinstance(end, PlatformError):
            raise
        raise typer.Exit(FAILED if isinstance(end, InterviewStopped) else INTERRUPTED) from None
    course.next_steps(interview.answers, interview.values, made_here=interview.made_here)


def _pick_up(
    interview: "Interview",
    course: "OnboardingRun",
    kept: "AnswerFiles",
    asking: "Prompter",
    words: "OnboardingWords",
) -> None:
    """Offer what was not finished."""
    unfinished = kept.unfinished()
    if not unfinished:
        return
    choices = {name: words("unfinished.go_on", name=name) for name in unfinished}
    chosen = asking.choose(words("unfinished"), {**choices, "": words("unfinished.new")})
    if not chosen:
        return
    interview.answers = kept.load(chosen)
    interview.answers.values.setdefault("client_name", chosen)
    course.summary(interview.answers, {})
    ways = {name: words(f"kept.{name}") for name in ("take", "review")}
    if asking.choose(words("kept"), ways) == "review":
        interview.review()


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
    ).open:
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
