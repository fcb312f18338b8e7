"""The hand-over file is read however people wrote it, and a wrong line is named and never shown."""

import json
import string

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import example, given
from hypothesis import strategies as st

from mcp_platform.errors import Invalid
from mcp_platform.tenants.credentials import KEYS, what_is_wrong
from mcp_platform.tenants.env_file import SENTENCES, EnvFile, read_env_file, write_env_file

PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  # only its form counts
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
FLAT = PEM.replace("\n", "\\n")
LINES = PEM.strip().splitlines()
BODY = "\n".join(LINES)
EMAIL = "agenda@ze.iam.gserviceaccount.com"
ACCOUNT = {
    "type": "service_account",
    "project_id": "ze-1234",
    "private_key_id": "0a1b",
    "private_key": PEM,
    "client_email": EMAIL,
    "universe_domain": "googleapis.com",
}


def name_of(value: object) -> str:
    """Name a case; the key is another in every process of a run, so it cannot be in a name."""
    return str(value) if len(str(value)) < 40 else "long"


def wrong(file: EnvFile) -> list[tuple[int, str]]:
    return [(each.line, each.code) for each in file.wrong]


def notes(file: EnvFile) -> list[tuple[int, str]]:
    return [(each.line, each.code) for each in file.notes]


@pytest.mark.parametrize(
    "written",
    [
        "GEMINI_API_KEY=AIza-1",
        '  GEMINI_API_KEY = "AIza-1"  ',
        "GEMINI_API_KEY='AIza-1'   # the new one",
        "GEMINI_API_KEY=“AIza-1”",
        "GEMINI_API_KEY=”AIza-1”",
        "GEMINI_API_KEY=‘AIza-1’",
        "GEMINI_API_KEY=«AIza-1»",
        "GEMINI_API_KEY=„AIza-1“",
        'GEMINI_API_KEY="AIza-1”',
        "export GEMINI_API_KEY=AIza-1",
        "export\tGEMINI_API_KEY='AIza-1'",
        "\ufeffGEMINI_API_KEY=AIza-1\r\n",
        "GEMINI_API_KEY=AIza-1\u200b",
        "GEMINI_API_KEY=\xa0AIza-1\xa0",
        "gemini_api_key=AIza-1",
        "GEMINI_API_KEY: AIza-1",
        "# hand-over\n\n\nGEMINI_API_KEY=AIza-1 # mine\n# end",
        "GEMINI_API_KEY=AIza-1\rGEMINI_API_KEY=AIza-1\r",
    ],
)
def test_one_value_however_it_is_written(written: str) -> None:
    file = read_env_file(written)

    assert file.checked() == {"GEMINI_API_KEY": "AIza-1"}
    assert notes(file) == []


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("pa$$word", "pa$$word"),
        ("${HOME}", "${HOME}"),
        ("a=b==", "a=b=="),
        ("a\\tb\\n", "a\\tb\\n"),
        ("a#b", "a#b"),
        ("#b", "#b"),
        ("two words # and a comment", "two words"),
        ("it's", "it's"),
        ("'two words # no comment'", "two words # no comment"),
        ('"say \\"hi\\" \\\\ now"', 'say "hi" \\ now'),
        ('"say "hi" now"', 'say "hi" now'),
        ("'it\\'s'", "it's"),
        ("'ends with \\'", "ends with \\"),
        ("'it’s'", "it’s"),
        ("'a' # it's mine", "a"),
        ('"pass" #word"', "pass"),
        ("“não”", "não"),
    ],
)
def test_a_password_is_taken_as_it_stands(written: str, value: str) -> None:
    assert read_env_file(f"DATABASE_PASSWORD={written}\n").checked() == {"DATABASE_PASSWORD": value}


@pytest.mark.parametrize(
    "written",
    [
        f'GOOGLE_PRIVATE_KEY="{FLAT}"',
        f"GOOGLE_PRIVATE_KEY='{FLAT}'",
        f"GOOGLE_PRIVATE_KEY={FLAT}",
        f"GOOGLE_PRIVATE_KEY={FLAT} # key",
        f"GOOGLE_PRIVATE_KEY={FLAT.replace(chr(92), chr(92) * 2)}",
        f'GOOGLE_PRIVATE_KEY="{PEM}"',
        f"GOOGLE_PRIVATE_KEY=“{BODY}”",
        f"GOOGLE_PRIVATE_KEY={PEM}",
        f"GOOGLE_PRIVATE_KEY=\n{PEM}",
        f'GOOGLE_PRIVATE_KEY="\n{PEM}"',
        f"{PEM}",
        "GOOGLE_PRIVATE_KEY=" + PEM.replace("\n", "\r\n"),
        "GOOGLE_PRIVATE_KEY=" + "\n   ".join(LINES),
        "GOOGLE_PRIVATE_KEY=" + " ".join(LINES),
        "GOOGLE_PRIVATE_KEY=" + "\\r\\n".join(LINES),
        "GOOGLE_PRIVATE_KEY=" + "\\n\n".join(LINES),
    ],
    ids=name_of,
)
def test_a_private_key_keeps_its_lines(written: str) -> None:
    file = read_env_file(f"GEMINI_API_KEY=before\n{written}\nDATABASE_USER=after\n")

    values = dict(file.checked())
    key = values.pop("GOOGLE_PRIVATE_KEY")
    assert values == {"GEMINI_API_KEY": "before", "DATABASE_USER": "after"}
    assert notes(file) == []
    assert key == BODY
    assert load_pem_private_key(key.encode(), password=None)


@pytest.mark.parametrize(
    "written",
    [
        json.dumps(ACCOUNT),
        json.dumps(ACCOUNT, indent=2),
        json.dumps(ACCOUNT, indent=2).replace("\n", "\r\n"),
        json.dumps(ACCOUNT, indent=2).replace("\\n", "\n"),
        "GOOGLE_PRIVATE_KEY=" + json.dumps(ACCOUNT),
        "GOOGLE_PRIVATE_KEY='" + json.dumps(ACCOUNT) + "'",
        'GOOGLE_PRIVATE_KEY="' + json.dumps(ACCOUNT) + '"',
        'GOOGLE_PRIVATE_KEY="' + json.dumps(json.dumps(ACCOUNT))[1:-1] + '"',
        "GOOGLE_PRIVATE_KEY=" + json.dumps(ACCOUNT, indent=2),
        "GOOGLE_PRIVATE_KEY='" + json.dumps(ACCOUNT, indent=2) + "\n'",
        "GOOGLE_APPLICATION_CREDENTIALS_JSON='" + json.dumps(ACCOUNT, indent=4) + "'",
        f"GOOGLE_CLIENT_EMAIL={EMAIL}\n{json.dumps(ACCOUNT)}",
        f"{json.dumps(ACCOUNT)}\nGOOGLE_PROJECT_ID=ze-1234\nGOOGLE_PRIVATE_KEY={FLAT}",
    ],
    ids=name_of,
)
def test_a_service_accounts_json_fills_what_google_needs(written: str) -> None:
    file = read_env_file(f"GEMINI_API_KEY=before\n{written}\nDATABASE_USER=after\n")

    assert file.checked() == {
        "GEMINI_API_KEY": "before",
        "GOOGLE_PROJECT_ID": "ze-1234",
        "GOOGLE_CLIENT_EMAIL": EMAIL,
        "GOOGLE_PRIVATE_KEY": BODY,
        "DATABASE_USER": "after",
    }


@pytest.mark.parametrize(
    ("written", "line", "code"),
    [
        ("just some words", 2, "no_assignment"),
        ("WHATSAPP_APP_ID", 2, "no_assignment"),
        ("Note: ask Zé", 2, "no_assignment"),
        ("GEMINI_API_KEY='AIza", 2, "quote_not_closed"),
        ("GEMINI_API_KEY=“AIza", 2, "quote_not_closed"),
        ("GEMINI_API_KEY='AIza'x", 2, "quote_not_closed"),
        (f"GOOGLE_PRIVATE_KEY={LINES[0]}\n{LINES[1]}", 2, "key_not_finished"),
        (f"GOOGLE_PRIVATE_KEY='{LINES[0]}'", 2, "key_not_finished"),
        (f"GOOGLE_PRIVATE_KEY={LINES[0]}\\n...\\n{LINES[-1]}", 2, "key_left_out"),
        (f"GOOGLE_PRIVATE_KEY={LINES[1]}", 2, "no_private_key"),
        ("GEMINI_API_KEY=AIza AIza", 2, "inner_space"),
        ("GOOGLE_CALENDAR_ID=primary", 2, "calendar_primary"),
        ("GOOGLE_CALENDAR_ID=Mcp@ze-1.iam.gserviceaccount.com", 2, "calendar_of_account"),
        (
            "GOOGLE_CALENDAR_ID=https://calendar.google.com/calendar/embed?src=ze%40gmail.com",
            2,
            "calendar_address",
        ),
        (
            "GOOGLE_CALENDAR_ID=abc%40group.calendar.google.com",
            2,
            "calendar_address",
        ),
        ("GEMINI_API_KEY=AIza–AIza", 2, "not_ascii"),
        ("GEMINI_API_KEY=AIza\x01", 2, "control_character"),
        ("DATABASE_PASSWORD=AI\x00za", 2, "control_character"),
        ("\n\nGEMINI_API_KEY=" + "A" * 20_000, 4, "too_long"),
        ('GOOGLE_PRIVATE_KEY={"type": "service_account",', 2, "not_json"),
        ('{\n"type": "service_account",\n}', 2, "not_json"),
        ('{"type": "service_account"}', 2, "no_service_account"),
        ('{"web": {"client_id": "x"}}', 2, "oauth_client"),
        (f"GOOGLE_CLIENT_EMAIL=other@ze.com\n{json.dumps(ACCOUNT)}", 2, "differs_from_json"),
    ],
    ids=name_of,
)
def test_a_wrong_line_is_named_with_the_reason_and_the_others_are_read(
    written: str, line: int, code: str
) -> None:
    file = read_env_file(f"WHATSAPP_APP_ID=1\n{written}\nDATABASE_USER=after\n")

    assert wrong(file) == [(line, code)]
    assert file.values["WHATSAPP_APP_ID"] == "1"
    assert file.values["DATABASE_USER"] == "after"
    with pytest.raises(Invalid) as refused:
        file.checked()
    assert list(refused.value.fields) == [f"line {line}"]
    assert SENTENCES[code] in refused.value.fields[f"line {line}"]


def test_an_unknown_name_and_a_repeated_one_are_noted() -> None:
    file = read_env_file("PORT=80\nDATABASE_USER=a\nDATABASE_USER=b\nDATABASE_USER=b\n")

    assert file.checked() == {"DATABASE_USER": "b"}
    assert notes(file) == [(1, "left_out"), (3, "repeated")]


def test_an_empty_value_is_none_at_all() -> None:
    assert read_env_file("GEMINI_API_KEY=\nDATABASE_USER=''\nDATABASE_PASSWORD= # none\n") == (
        EnvFile(values={})
    )


def test_nothing_of_a_file_is_shown_by_what_is_said_of_it() -> None:
    secret = "s3cr3t-s3cr3t"
    file = read_env_file(
        f"{secret}\n{secret}=x y\nGEMINI_API_KEY='{secret}\nWHATSAPP_API_TOKEN=a {secret}\n"
        f"{{{secret}\n}}\n" + f'{{"{secret}": 1}}\nMY_{secret.upper().replace("-", "_")}=1\n'
    )

    with pytest.raises(Invalid) as refused:
        file.checked()
    shown = f"{refused.value} {refused.value.fields} {file!r}".lower()
    assert len(file.wrong) == 6
    assert "s3cr3t" not in shown


class TestAnything:
    """Whatever a file holds."""

    @given(st.text(max_size=400))
    @example("GOOGLE_PRIVATE_KEY={")
    @example("GOOGLE_PRIVATE_KEY='\n'{'")
    @example("-----BEGIN PRIVATE KEY-----")
    def test_no_text_breaks_the_reader(self, text: str) -> None:
        lines = text.count("\n") + text.count("\r") + 1
        file = read_env_file(text)

        assert all(1 <= each.line <= lines for each in (*file.wrong, *file.notes))
        assert set(file.values) <= set(KEYS)

    @given(
        st.lists(
            st.sampled_from(
                [
                    *(
                        "\n",
                        "GEMINI_API_KEY=",
                        "GOOGLE_PRIVATE_KEY=",
                        "'",
                        '"',
                        "“",
                        "{",
                        "}",
                        "\\",
                    ),
                    *(*LINES[:2], LINES[-1], "a", " ", " #", '"private_key": ', ":", "\t"),
                    json.dumps(ACCOUNT),
                ]
            ),
            max_size=40,
        )
    )
    def test_no_pieces_of_such_files_break_it(self, pieces: list[str]) -> None:
        file = read_env_file("".join(pieces))

        assert all(SENTENCES[each.code] for each in (*file.wrong, *file.notes))

    @given(
        st.fixed_dictionaries(
            {},
            optional={
                "GEMINI_API_KEY": st.text(string.ascii_letters + "-_", min_size=1),
                "WHATSAPP_API_TOKEN": st.text(string.ascii_letters + string.digits, min_size=1),
                "GOOGLE_PRIVATE_KEY": st.just(BODY),
                "DATABASE_PASSWORD": st.text(min_size=1)
                .map(str.strip)
                .filter(lambda value: what_is_wrong("DATABASE_PASSWORD", value) is None)
                .filter(
                    lambda value: (
                        not any(mark in value for mark in "\xa0\ufeff\u200b\u200c\u200d\u2060")
                    )
                ),
            },
        )
    )
    @example({"DATABASE_PASSWORD": "it's \\\" #\\"})
    @example({"DATABASE_PASSWORD": "{'"})
    @example({"DATABASE_PASSWORD": '{"a": 1}'})
    @example({"DATABASE_PASSWORD": "-----BEGIN PRIVATE KEY-----"})
    def test_what_is_written_is_read_again(self, values: dict[str, str]) -> None:
        file = read_env_file(write_env_file(values))

        assert dict(file.values) == values
        assert file.notes == ()
