"""Conversations as people work on them: the list, one thread, taking over, answering, handing back."""
