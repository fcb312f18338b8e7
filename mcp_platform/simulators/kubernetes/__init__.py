"""A Kubernetes API server on this machine, as far as credentials and manifests need one."""
