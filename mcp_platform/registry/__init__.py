"""Clients, their environments and catalogues as an operator changes them.

There is one class for each subject, made of `(session, actor)`. It checks a wish, refuses to overwrite
a change made meanwhile, counts the version up and records who did it, in the caller's transaction.
The REST API, the commands and imports use these classes and nothing else.
"""
