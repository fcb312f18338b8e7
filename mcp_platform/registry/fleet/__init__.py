"""The fleet at a glance: each tenant in one row, with its state and why it is so."""
