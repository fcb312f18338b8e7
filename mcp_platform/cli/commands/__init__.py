"""The commands: one module for each command, or family of commands."""
