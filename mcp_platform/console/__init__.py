"""The console: the web interface of those who operate, over the same services as the API."""
