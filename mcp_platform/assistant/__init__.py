"""One turn of the conversation: prompt, tools, journal, what is said, and the menu without a model."""
