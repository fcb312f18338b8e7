"""What a customer may ask for: a copy of what is kept of them, and that it is erased."""
