"""A tenant's credentials: their form, their proof, and setting them."""
