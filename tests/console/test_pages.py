"""What templates and sentences must not do, and what they say in which language."""

import re
from pathlib import Path

import pytest

from mcp_platform.console.sentences import SENTENCES, preferred
from mcp_platform.console.static_files import ICONS
from mcp_platform.console.visits import ROOT
from tests.console.browser import PlainBrowser
from tests.factories import add_contact, add_tenant
from tests.platform_api import Api

CONSOLE = Path(__file__).parent.parent.parent / "mcp_platform" / "console"
WHERE = CONSOLE / "templates"
TEMPLATES = {str(path.relative_to(WHERE)): path.read_text() for path in WHERE.rglob("*.html")}
CODE = "\n".join(path.read_text() for path in CONSOLE.rglob("*.py"))
WRITTEN = "\n".join(TEMPLATES.values())
# Texts that turn into something else where they are not escaped, or turn the line around.
CORPUS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "</title><script>alert(1)</script>",
    "&lt;b&gt; & <b>",
    "\u202emoc.live\u202c\u2066",
)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_nothing_that_the_policy_forbids_or_that_is_not_escaped(name: str) -> None:
    text = TEMPLATES[name]
    assert not re.search(r"\|\s*safe\b|autoescape", text)
    assert not re.search(r"<[^>]*\s(?:style|on\w+)\s*=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert "<style" not in text
    assert not re.search(r"""(?:src|href|action)=["']?https?:""", text)


def test_no_code_of_the_console_marks_text_as_html() -> None:
    assert not re.search(r"\bMarkup\b|markupsafe|autoescape=False", CODE)


def test_every_form_that_posts_carries_the_token() -> None:
    for name, text in TEMPLATES.items():
        for form in re.findall(r'<form\b[^>]*\bmethod="post".*?</form>', text, re.DOTALL):
            assert re.search(r"(?:ui\.)?token\(csrf\)", form), name
        assert len(re.findall(r'<form\b[^>]*\bmethod="post"', text)) == len(
            re.findall(r"method=.?post", text)
        )


def test_every_sentence_is_used_and_every_used_one_is_there() -> None:
    known = {name.removesuffix(".one").removesuffix(".other") for name in SENTENCES["en"]}
    named = set(re.findall(r"""["'](\w+\.\w+)["']""", WRITTEN + CODE))
    said = re.findall(r"""\bt\(["'](\w+\.\w*)["']( ?~)?""", WRITTEN)
    begun = tuple(name for name, built in said if built)  # `t("state." ~ row.state)`
    used = named & known | {name for name, built in said if not built}
    in_code = set(re.findall(r"""["'f]"(\w+\.\w*)\{""", CODE))
    built = {name for name in known if name.startswith((*begun, *in_code))}
    assert used - known == set()
    assert known - used - built == set()


def test_the_sprite_holds_what_is_used_and_no_more() -> None:
    used = {
        icon
        for icon in ICONS
        if re.search(rf"""["']{icon}["']""", WRITTEN + CODE.replace(_list(), ""))
    }
    assert set(ICONS) - used == set()


def _list() -> str:
    return CODE[CODE.index("ICONS: Final") : CODE.index("# fmt: skip", CODE.index("ICONS: Final"))]


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("", "pt-BR"), ("en", "en"), ("en-GB,pt;q=0.5", "en"), ("pt;q=0.4,en;q=0.3", "pt-BR"),
        ("de,en;q=0.5", "en"), ("fr", "pt-BR"), ("*;q=x,;;", "pt-BR"), ("pt;q=0.1, EN ; q=0.2", "en"),
        ("en;q=...,en;q=1.2.3", "pt-BR"),
    ],
)  # fmt: skip
def test_the_language_is_the_browsers(asked: str, language: str) -> None:
    assert preferred(asked) == language


async def test_theme_and_language_are_chosen_before_anybody_is_signed_in(
    api: Api, browser: PlainBrowser
) -> None:
    page = await browser.post("/preferences", page="/sign-in", theme="dark", next=f"{ROOT}/sign-in")
    assert 'data-theme="dark"' in page.text
    page = await browser.post(
        "/preferences", page="/sign-in", language="en", next=f"{ROOT}/sign-in"
    )
    assert '<html lang="en" data-theme="dark">' in page.text
    assert "Sign in" in page.text
    page = await browser.post("/preferences", page="/sign-in", theme="x", language='"><b>')
    assert '<html lang="en" data-theme="dark">' in page.text


@pytest.mark.parametrize("text", CORPUS)
async def test_a_name_is_shown_as_text(api: Api, browser: PlainBrowser, text: str) -> None:
    user = await api.make_user("operator")
    await api.sql("UPDATE users SET name = :name", name=text)
    await browser.sign_in(user.email)
    page = await browser.get("/me")
    assert page.status_code == 200
    for opened in ("<script>alert", "<img src=x", "<svg/onload", ">49<"):
        assert opened not in page.text.replace(user.email, "")
    assert page.text.count("<bdi>") == page.text.count("</bdi>") >= 2


@pytest.mark.parametrize(
    "path",
    [
        f"/audit?cursor={'9' * 5000}", "/audit?actor=%00", f"/users?cursor={'a' * 401}",
        f"/t/{{tenant}}/conversations/{{contact}}?before={'9' * 5000}",
    ],
)  # fmt: skip
async def test_an_odd_address_is_no_fault_of_ours(
    api: Api, browser: PlainBrowser, path: str
) -> None:
    tenant = await add_tenant(api.platform.shared.admin_sessions)
    contact = await add_contact(api.platform.shared.admin_sessions, tenant.id)
    await browser.sign_in((await api.make_user("admin")).email)
    page = await browser.get(path.format(tenant=tenant.path, contact=contact))
    assert page.status_code == (200 if "actor" in path else 422)


async def test_what_is_marked_oddly_is_no_fault_of_ours(api: Api, browser: PlainBrowser) -> None:
    path = await api.make_tenant()
    await browser.sign_in((await api.make_user("admin")).email)
    plan = await browser.post(
        "/fleet/plan",
        page="/fleet",
        action="suspend",
        **{"pick:\0/x": "yes", f"pick:{path}": "yes"},
    )
    assert plan.status_code == 200
    assert path in plan.text
    for form in ({"one": f"pick:{path}:effect:{'9' * 5000}"}, {"one": "pick:\0/x:effect:1"}):
        answer = await browser.post("/parked", page="/parked", **form)
        assert answer.status_code in {404, 422}
    token = await api.sign_in("admin")
    wish = {"action": "suspend", "tenants": ["\0/b"]}
    answer = await api.ask("POST", "/admin/fleet/jobs", token=token, json=wish)
    assert answer.status_code == 422


def test_a_form_that_is_answered_with_a_file_is_marked_so() -> None:
    """Else its button stays busy: no next page comes."""
    forms = re.compile(r'<form\b([^>]*)>(?:(?!</form>).)*"download"', re.DOTALL)
    found = [each for text in TEMPLATES.values() for each in forms.findall(text)]
    assert len(found) >= 3
    assert all("data-download" in each for each in found)
