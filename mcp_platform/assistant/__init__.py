"""One turn of the conversation: prompt, tools, journal, grounding, and the menu without a model."""
