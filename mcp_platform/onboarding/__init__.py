"""A new client: the questions' answers, read and checked, and what is registered of them."""
