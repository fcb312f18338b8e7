"""What a business says of itself: its answers, how a customer's words find them, its own wordings.

Owns the rows, the search and what the assistant is given of them. Who may change an answer or a
wording, and in which form, is the registry's (`registry/answers/`).
"""
