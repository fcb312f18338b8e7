"""The agenda in the console: days and weeks, an appointment's page, booking and changing."""
