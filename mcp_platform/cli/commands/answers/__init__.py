"""`answers` and `questions`: what a business knows of itself, and what its customers still ask."""
