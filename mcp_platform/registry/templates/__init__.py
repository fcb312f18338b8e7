"""The message templates of a tenant, as its operators see and want them."""
