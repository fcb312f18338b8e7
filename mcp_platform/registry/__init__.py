"""Clients, their environments and catalogues as an operator changes them.

One class per concern, made of `(session, actor)`: each checks what is wished, refuses to overwrite
what was changed meanwhile, counts the version up and records who did it, all in the caller's
transaction. The REST API, the commands and imports go through these and nothing else.
"""
