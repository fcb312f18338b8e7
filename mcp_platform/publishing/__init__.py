"""`config.json` in and out, and the manifests repository that Argo CD reads."""
