"""Words that mean all of what was shown; any doubt means none of it."""

from mcp_platform.assistant.menu import says_all
from tests.cases import cases


@cases(
    "text, title",
    [
        ("quero os dois", "Os dois"),
        ("Sim, os dois!", "Os dois"),
        ("pode ser todos", "Todos"),
        ("I want both", "Both"),
        ("both", "Both"),
        ("all of them", "All of them"),
        ("quiero los dos", "Los dos"),
    ],
)
def test_all_are_meant(text: str, title: str) -> None:
    assert says_all(text, title)


@cases(
    "text, title",
    [
        ("não quero os dois", "Os dois"),
        ("nem os dois", "Os dois"),
        ("os dois?", "Os dois"),
        ("cancela os dois", "Os dois"),
        ("not both", "Both"),
        ("don't want both", "Both"),
        ("no los dos", "Los dos"),
        ("no quiero todos", "Todos"),
        ("os dois não", "Os dois"),
    ],
)
def test_not_all_are_meant(text: str, title: str) -> None:
    assert not says_all(text, title)
