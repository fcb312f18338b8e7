"""A new client in the console: the questions step by step, an import, and going live."""
