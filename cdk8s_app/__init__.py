"""`config.json` in, Kubernetes manifests out, laid out for Argo CD.

Reads one file and writes one folder tree; talks to no cluster and to no database, and imports
nothing from `mcp_platform`. The module of each concern builds objects as plain data. `tenant.py` and
`platform/` say which objects there are, `charts.py` gives them to cdk8s, and `synth.py` decides what
has to be written.
"""
