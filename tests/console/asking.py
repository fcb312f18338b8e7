"""Tells what a page asks of the database from what goes on beside it."""

from contextvars import ContextVar

ASKING: ContextVar[bool] = ContextVar("ASKING", default=False)
"""True in a test that counts statements, and in all that it begins. What looks for news by itself,
in the same process, began before."""
