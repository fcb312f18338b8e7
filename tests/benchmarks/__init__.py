"""`make bench`: what the platform costs, beside the least it could cost, measured in one run."""
