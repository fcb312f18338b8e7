"""The routes of `/api/v1/auth` and `/api/v1/admin`, one router a file."""
