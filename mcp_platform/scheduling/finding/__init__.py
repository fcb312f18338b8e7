"""What is free at one tenant, and which of it is shown."""
