"""MCP Platform: WhatsApp scheduling assistants for many small businesses."""
