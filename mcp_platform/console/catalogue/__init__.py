"""A tenant's catalogue in the console: services, people, their hours, and closed days."""
