"""What a business knows of itself: its answers, how they are found by a customer's words.

Owns the rows, the search and what a search gives to the assistant. Who may change an answer, and in
which form, is the registry's (`registry/answers/`).
"""
