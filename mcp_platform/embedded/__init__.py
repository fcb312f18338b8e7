"""The servers that come with the platform, for one machine, the demonstration and tests.

Linux and macOS only: import this where no `DATABASE_URL` or `REDIS_URL` is set, not before.
"""

from mcp_platform.embedded.postgres import DATABASE, EmbeddedPostgres
from mcp_platform.embedded.server import CannotStart
from mcp_platform.embedded.valkey import EmbeddedValkey

__all__ = ["DATABASE", "CannotStart", "EmbeddedPostgres", "EmbeddedValkey"]
