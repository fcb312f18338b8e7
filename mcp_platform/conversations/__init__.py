"""Contacts, what was said with them, and whose turn it is: the assistant, or a person."""
