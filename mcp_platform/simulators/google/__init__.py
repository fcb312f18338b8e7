"""Google Calendar v3 and the token endpoint on this machine, as a service account meets them."""
