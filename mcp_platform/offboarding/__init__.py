"""The end of a tenant: its data exported, its traces purged."""
