"""The commands of conversations, and of what a customer may ask for."""
