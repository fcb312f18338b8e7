"""Meta's side of WhatsApp on this machine: the Graph API, webhooks, and a control API."""
