"""Publishing in the console: the fleet's differences and their push, and how far one tenant is."""
