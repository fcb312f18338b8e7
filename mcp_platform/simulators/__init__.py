"""Faithful stand-ins for Meta, Gemini and Google Calendar, over real HTTP, that can fail on demand."""
