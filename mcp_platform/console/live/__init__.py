"""The live stream: a browser learns that something changed, and asks for it as for any page."""
