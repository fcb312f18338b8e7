"""The business's answers where the menu shows them."""
