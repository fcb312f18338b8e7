"""Fleets to make manifests of: every kind of tenant, and every setting that changes objects.

`python -m tests.manifests.fleets DIR` writes them, for checkers that read files.
"""

import copy
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from cdk8s_app.config import Fleet, fleet_of
from cdk8s_app.manifest import Manifest
from cdk8s_app.synth import folders_of, synthesize

IMAGE = "registry.example.com/mcp-platform@sha256:" + "0" * 64
PEM = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQ==\n-----END PUBLIC KEY-----\n"
AUTHORITY = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmg\n-----END CERTIFICATE-----\n"
DIGESTED = "valkey/valkey:9.1-trixie@sha256:" + "1" * 64
API_SERVER = ["10.0.0.10/32", "2001:db8::10/128"]
SEALED = {"WHATSAPP_API_TOKEN": "AgBy3i4OJSWK", "GEMINI_API_KEY": "AgCF2a=="}

MIXED: dict[str, Any] = {
    "version": 1,
    "platform": {
        "image": IMAGE,
        "host": "wa.example.com",
        "token_keys": {"2026-11": PEM},
        "api_server_ranges": API_SERVER,
    },
    "argocd": {"repo_url": "https://git.example.com/agency/manifests.git"},
    "clients": [
        {
            "client_name": "barbearia-do-ze",
            "environments": {
                "staging": {"topology": "shared", "status": "suspended"},
                "production": {
                    "topology": "shared",
                    "credentials": {
                        "keys": sorted(SEALED),
                        "checksum": "a" * 64,
                        "certificate": "b" * 64,
                        "sealed": SEALED,
                    },
                },
            },
        },
        {
            "client_name": "clinica-sorriso",
            "resources": {
                "requests": {"cpu": "100m", "memory": "256Mi"},
                "limits": {"cpu": "1", "memory": "512Mi"},
            },
            "environments": {
                "development": {"topology": "isolated"},
                "production": {
                    "topology": "isolated",
                    "resources": {"limits": {"memory": "768Mi"}},
                    "credentials": {
                        "keys": sorted(SEALED),
                        "checksum": "c" * 64,
                        "certificate": "b" * 64,
                        "sealed": SEALED,
                    },
                },
            },
        },
        {
            "client_name": "x" * 40,
            "environments": {"development": {"topology": "isolated", "status": "offboarded"}},
        },
    ],
}
BACKUPS = {"destination": "s3://backups/mcp", "secret": "bucket"}

# What differs from MIXED, by section.
VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    "as it comes": {},
    "sealed, by queue, with logs and backups": {
        "platform": {
            "credentials": "sealed",
            "autoscaling": "queue",
            "tenant_autoscaling": "queue",
            "cluster_issuer": "letsencrypt",
            "settings": {"LOG_LEVEL": "WARNING"},
            "logs": {
                "elasticsearch": "https://elastic.example.com:9200",
                "ranges": ["192.0.2.0/28"],
            },
            "dns": [
                "cloud-dns",
                "openshift",
                "192.0.2.53/32",
                {"namespace": "dns", "pods": {"app": "coredns"}},
            ],
            "images": {"valkey": DIGESTED},
        },
        "argocd": {"layout": "applicationset", "path": "cluster/one"},
        "database": {
            "backups": BACKUPS,
            "storage": "20Gi",
            "storage_class": "fast",
            "ca": AUTHORITY,
        },
    },
    "external, ingress, small, old": {
        "platform": {
            "credentials": "external",
            "secret_store": "vault",
            "routing": "ingress",
            "cluster_issuer": "letsencrypt",
            "kubernetes": "1.25",
            "autoscaling": "off",
            "monitoring": False,
            "redis": "none",
        },
        "database": {"mode": "statefulset"},
    },
    "database elsewhere": {
        "platform": {"tenant_autoscaling": "cpu"},
        "database": {
            "mode": "external",
            "host": "db.example.com",
            "ca": AUTHORITY,
            "ranges": ["203.0.113.7/32"],
        },
    },
}


def config(variant: str = "as it comes") -> dict[str, Any]:
    """Return MIXED with what `variant` says otherwise."""
    made = copy.deepcopy(MIXED)
    for section, values in VARIANTS[variant].items():
        made[section] = {**made.get(section, {}), **copy.deepcopy(values)}
    return made


def fleet(variant: str = "as it comes") -> Fleet:
    return fleet_of(config(variant))


@cache
def _folders(variant: str) -> dict[str, list[Manifest]]:
    return folders_of(fleet(variant))


def objects(variant: str = "as it comes") -> Iterator[tuple[str, Manifest]]:
    """Give every object of a fleet, with the folder it stands in. Not to be changed."""
    for folder, found in _folders(variant).items():
        for each in found:
            yield folder, each


def tenant(folder: str, *, variant: str = "as it comes") -> dict[str, Manifest]:
    """Return a tenant's objects by `Kind.name`."""
    return {
        f"{each['kind']}.{each['metadata']['name']}": each
        for each in copy.deepcopy(_folders(variant)[f"clients/{folder}"])
    }


if __name__ == "__main__":
    for number, name in enumerate(VARIANTS):
        synthesize(fleet(name), Path(sys.argv[1]) / str(number))
