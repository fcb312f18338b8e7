"""Placeholder until measured."""
def measure(folder, progress):
    return iter(())
