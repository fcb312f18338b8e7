"""The part `provisioner` in a cluster: who asks it, how, and what it does."""
