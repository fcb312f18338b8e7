"""The pages of troubleshooting say what the doctor says."""

import pytest

from docs import troubleshooting_pages
from mcp_platform.doctor.results import Language


@pytest.mark.parametrize("language", ["en", "pt"])
def test_a_page_is_as_new_as_the_sentences(language: Language) -> None:
    written = troubleshooting_pages.TARGETS[language].read_text()

    assert written == troubleshooting_pages.page(language), (
        "run .venv/bin/python docs/troubleshooting_pages.py"
    )
