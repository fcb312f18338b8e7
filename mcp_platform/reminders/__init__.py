"""Reminders of appointments: when each is due, said once, and taken back where it is not true any more."""
