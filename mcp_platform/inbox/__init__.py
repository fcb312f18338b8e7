"""Events recorded once under the sender's own ids, gathered into turns, and finished once."""
