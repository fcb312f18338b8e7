"""A tenant's credentials in the console: what is set, replacing and proving it, and going live."""
