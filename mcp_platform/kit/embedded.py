"""The servers that come with the platform, for one machine, the demonstration and tests.

Linux and macOS only: import this where no `DATABASE_URL` or `REDIS_URL` is set, not before.
"""

from mcp_platform.kit.embedded_postgres import DATABASE, EmbeddedPostgres
from mcp_platform.kit.embedded_server import CannotStart
from mcp_platform.kit.embedded_valkey import EmbeddedValkey

__all__ = ["DATABASE", "CannotStart", "EmbeddedPostgres", "EmbeddedValkey"]
