"""Which of what was shown the words of a turn choose. Code decides it, never the model."""
