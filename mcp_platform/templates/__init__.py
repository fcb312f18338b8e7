"""Message templates of a business: their words, what Meta says of each, and which may be sent."""
