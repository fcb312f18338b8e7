"""The channel: webhook, signature, payloads, the door to the Graph API, pacing."""
