"""The door to Gemini."""
