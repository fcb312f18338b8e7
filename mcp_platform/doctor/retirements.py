"""When Gemini models are shut down: the API does not say, so a table does.

Read from https://ai.google.dev/gemini-api/docs/deprecations on 22 November 2026. A model that is not
here had no date then.
"""

from collections.abc import Mapping
from datetime import date, timedelta

SOURCE = "ai.google.dev/gemini-api/docs/deprecations, 2026-11-22"
SOON = timedelta(days=90)  # time to try another model before customers meet it

RETIRES: Mapping[str, date] = {
    "gemini-2.5-flash": date(2026, 12, 1),
    "gemini-2.5-pro": date(2026, 12, 1),
    "gemini-3.1-flash-lite": date(2027, 5, 7),
}
