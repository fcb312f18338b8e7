"""What a business says in the console: its answers, and its own wordings of phrases."""
