"""Database, clock, logging, metrics, problem+json: what knows no business word."""
