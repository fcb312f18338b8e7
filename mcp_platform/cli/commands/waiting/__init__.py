"""What waits for somebody, and who waits for a time."""
