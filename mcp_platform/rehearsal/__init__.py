"""Rehearsals: dialogues played with one tenant's real model in a scratch installation, and judged.

Nothing here reaches a customer, the real calendar or the real database.
"""
