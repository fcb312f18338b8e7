"""What a business knows of itself, by command and by file."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import PATH, Database, Mcp

YAML = """\
answers:
- title: Estacionamento
  questions: [Tem estacionamento?, Onde deixo o carro?]
  text: Ao lado, por R$ 10,00.
  translations:
    en:
      title: Parking
      questions: [Is there parking?]
      text: Next door.
      approved: true
- title: Pagamento
  questions: Aceita pix?
  text: Pix, cartão e dinheiro.
"""
CSV = (
    "Título;Perguntas;Resposta\n"
    'Wi-Fi;"Tem wi-fi?\nQual a senha?";"A senha fica no balcão; peça."\n'
    "Estacionamento;Tem estacionamento? | Tem vaga?;Na rua.\n"
)


def listed(mcp: Mcp) -> dict[str, dict[str, object]]:
    found = json.loads(mcp("answers", "list", PATH, "--json").out)
    return {each["title"]: each for each in found}


def test_answers_are_added_found_edited_and_removed(mcp: Mcp, database: Database) -> None:
    assert "answers add" in mcp("answers", "list", PATH).out
    parking = ("--question", "Tem estacionamento?", "--question", "Onde deixo o carro?")
    made = mcp("answers", "add", PATH, "Estacionamento", *parking, "--text", "Ao lado.")
    assert (made.status, made.err) == (0, "")
    answer = str(listed(mcp)["Estacionamento"]["id"])
    assert answer in made.out
    assert answer in mcp("answers", "find", PATH, "tem vaga pro carro").out

    english = ("--title", "Parking", "--question", "Is there parking?", "--text", "Next door.")
    assert mcp("answers", "edit", PATH, answer, "--in", "en", *english).status == 0
    assert "en (not approved)" in mcp("answers", "list", PATH).out
    assert answer not in mcp("answers", "find", PATH, "parking", "--in", "en").out
    assert mcp("answers", "edit", PATH, answer, "--in", "en", "--approve").status == 0
    assert answer in mcp("answers", "find", PATH, "parking", "--in", "en").out
    # Other words are another translation: nobody has read them.
    assert mcp("answers", "edit", PATH, answer, "--in", "en", "--text", "Here.").status == 0
    assert listed(mcp)["Estacionamento"]["translations"]["en"]["approved"] is False  # type: ignore[index]
    assert mcp("answers", "edit", PATH, answer, "--in", "en", "--drop").status == 0
    assert mcp("answers", "edit", PATH, answer, "--text", "Na rua.", "--position", "7").status == 0
    edited = listed(mcp)["Estacionamento"]
    assert (edited["text"], edited["position"], edited["translations"]) == ("Na rua.", 7, {})
    assert edited["questions"] == ["Tem estacionamento?", "Onde deixo o carro?"]
    assert edited["condition"] is False
    assert mcp("answers", "edit", PATH, answer, "--condition").status == 0
    assert mcp("answers", "edit", PATH, answer, "--text", "Ao lado.").status == 0
    assert listed(mcp)["Estacionamento"]["condition"] is True
    assert mcp("answers", "edit", PATH, answer, "--no-condition").status == 0
    assert listed(mcp)["Estacionamento"]["condition"] is False

    assert mcp("answers", "remove", PATH, answer).status == 0
    assert listed(mcp) == {}
    assert database.value("SELECT count(*) FROM answer_texts") == 0


def test_a_file_is_brought_in_whole_or_not_at_all(
    mcp: Mcp, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text(YAML)
    tried = mcp("answers", "import", PATH, str(file), "--dry-run")
    assert "Answers: 2 would be created, 0 would be updated, 0 unchanged." in tried.out
    assert database.value("SELECT count(*) FROM answers") == 0
    assert mcp("answers", "import", PATH, str(file)).status == 0
    again = mcp("answers", "import", PATH, str(file))
    assert again.out == "Answers: 0 created, 0 updated, 2 unchanged.\n"

    sheet = tmp_path / "respostas.csv"
    sheet.write_bytes(CSV.encode("utf-16"))
    brought = mcp("answers", "import", PATH, str(sheet))
    assert "Answers: 1 created, 1 updated, 0 unchanged." in brought.out
    found = listed(mcp)
    assert found["Wi-Fi"]["questions"] == ["Tem wi-fi?", "Qual a senha?"]
    assert found["Estacionamento"]["text"] == "Na rua."
    # What is listed as JSON is a file too.
    kept = tmp_path / "kept.json"
    kept.write_text(mcp("answers", "list", PATH, "--json").out)
    assert mcp("answers", "import", PATH, str(kept)).out.endswith("3 unchanged.\n")

    file.write_text(YAML.replace("Pix, cartão e dinheiro.", "x" * 601).replace("Ao lado", "Perto"))
    refused = mcp("answers", "import", PATH, str(file))
    assert refused.status == 1
    assert "1.text: String should have at most 600 characters" in refused.err
    assert listed(mcp) == found


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", "x", "is none of these: .yaml, .yml, .json, .csv."),
        ("a.yaml", "title: [", "is no YAML (line"),
        ("a.yaml", "title: x", "is no list of answers."),
        ("a.yaml", "[]", "has no answers in it."),
        ("a.yaml", "[{title: A, questions: [b], text: c}, {title: a, questions: [b], text: c}]",
         "1.title: has the title of answer 1."),
        ("a.yaml", "[{id: zzzzzz, title: A, questions: [b], text: c}]", "no answer zzzzzz"),
        ("a.yaml", "[7]", "0.title: Field required"),
        ("a.json", "{", "is no JSON (line 1)."),
        ("a.csv", "title,text\nA,b\n", "lacks the columns questions."),
        ("a.csv", 'title,questions,text\n"A', "is no CSV."),
        ("a.csv", b"title,questions,text\nPre\xe7o,b,c\n", "line 2 is not in UTF-8"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_in_a_sentence(
    name: str, content: str | bytes, said: str, mcp: Mcp, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    ran = mcp("answers", "import", PATH, str(file))
    assert (ran.status, ran.out) == (1, "")
    assert said in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert database.value("SELECT count(*) FROM answers") == 0
