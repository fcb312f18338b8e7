"""`python -m mcp_platform.cli` is `mcp-platform`, where no script is installed."""

from mcp_platform.cli import main

main()
