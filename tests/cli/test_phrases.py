"""A business's own words for the assistant's phrases, by command."""

import json

from tests.cli.conftest import PATH, Database, Mcp


def test_a_phrase_is_shown_set_listed_and_reset(mcp: Mcp, database: Database) -> None:
    assert "phrases set" in mcp("phrases", "list", PATH, "--own").out
    shown = mcp("phrases", "show", PATH, "price").out
    assert "Each wording has, outside brackets: {price}, {service}" in shown
    assert "about safety" in mcp("phrases", "show", PATH, "emergency").out

    made = mcp("phrases", "set", PATH, "ask_help", "Diga lá[, {name}]!", "Que manda?")
    assert (made.status, made.out, made.err) == (
        0,
        "ask_help: Diga lá, Carla!\nask_help: Que manda?\n",
        "",
    )
    assert mcp("phrases", "set", PATH, "ask_help", "Tell me!", "--in", "en").status == 0
    (listed,) = json.loads(mcp("phrases", "list", PATH, "--own", "--json").out)
    assert listed["own"] == ["Diga lá[, {name}]!", "Que manda?"]
    table = mcp("phrases", "list", PATH).out
    assert "Diga lá, Carla!" in table
    assert "fixed" in next(line for line in table.splitlines() if line.startswith("despair"))

    assert mcp("phrases", "reset", PATH, "ask_help", "--in", "en").status == 0
    assert mcp("phrases", "reset", PATH, "ask_help").status == 0
    assert database.value("SELECT count(*) FROM own_wordings") == 0
    again = mcp("phrases", "reset", PATH, "ask_help")
    assert (again.status, "no wordings of the business's own" in again.err) == (1, True)


def test_what_cannot_be_is_told_in_the_language_of_the_terminal(
    mcp: Mcp, database: Database
) -> None:
    refused = mcp("--lang", "pt", "phrases", "set", PATH, "price", "{service}: só {phone}")
    assert refused.status == 1
    assert "wordings.0: falta {price} (fora de colchetes)" in refused.err
    safety = mcp("--lang", "pt", "phrases", "set", PATH, "danger", "Calma.")
    assert "danger é de segurança" in safety.err
