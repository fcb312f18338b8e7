"""The door to Google Calendar."""
