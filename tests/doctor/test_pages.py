"""The pages of troubleshooting say what the doctor says."""

import pytest

from docs import troubleshooting_pages
from mcp_platform.tenants.languages import StaffLanguage


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_a_page_is_as_new_as_the_sentences(language: StaffLanguage) -> None:
    written = troubleshooting_pages.TARGETS[language].read_text()

    assert written == troubleshooting_pages.page(language), (
        "run .venv/bin/python docs/troubleshooting_pages.py"
    )
