"""Clients and tenants: resolution by path, credentials and the stores they live in, their health."""
