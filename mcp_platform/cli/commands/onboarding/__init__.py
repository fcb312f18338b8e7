"""The interview of `onboard`: its questions, its words, what it proves, and what it writes."""
