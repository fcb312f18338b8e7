"""The composition root, the only package that builds what lives long, from settings."""
