"""The demonstration: everything on one machine, a scripted conversation, and proof that it worked."""
