"""What can be configured, from the environment. Read once, by `bootstrap/` and the commands.

`docs/configuration.md` is checked against this module: a setting that is not described there
fails the build.
"""

from collections.abc import Collection
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Part = Literal["gateway", "admin", "worker", "provisioner"]
PARTS: tuple[Part, ...] = ("gateway", "admin", "worker", "provisioner")
PROXIES = tuple("0123456789")  # that may stand in front, one behind the other: more is a mistake


def _seconds(value: object) -> object:
    """Durations are plain seconds in the environment: `DEBOUNCE_S=1.5`."""
    return timedelta(seconds=float(value)) if isinstance(value, str | int | float) else value


Seconds = Annotated[timedelta, NoDecode, BeforeValidator(_seconds)]


class Settings(BaseSettings):
    """The environment of one process. Names are upper-cased field names."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, frozen=True)

    # Where this process listens.
    host: str = Field("127.0.0.1", description="Address the public port listens on.")
    port: int = Field(
        8000, ge=0, le=65535, description="Public port: webhooks, tenant API, console."
    )
    public_url: str | None = Field(
        None,
        description="Where the internet reaches this service; the doctor compares webhooks with it,"
        " and knocks there.",
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
    )
    internal_port: int = Field(
        9090,
        ge=0,
        le=65535,
        description="Port of /metrics and /health/detail; never published. 0: none.",
    )
    api_docs: bool = Field(
        True,
        description="Whether `/docs`, for people, and `/openapi.json`, for programs, are served.",
    )
    console_design: bool = Field(
        False,
        description="Whether `/console/design` is served, with every component of the console.",
    )
    trusted_proxies: str | None = Field(
        None,
        description="Whose `X-Forwarded-For` is believed: how many proxies stand in front, or their"
        " networks with commas between. What attempts to sign in are counted by, and the audit trail."
        " Unset: nobody's.",
    )

    # Servers it stands on.
    database_url: str | None = Field(
        None, description="PostgreSQL 16 or newer. Unset: the embedded server."
    )
    redis_url: str | None = Field(
        None,
        description="Redis or Valkey, for what may vanish. Unset: the embedded server, or none where"
        " it is not installed or one tenant is served.",
    )
    data_dir: Path = Field(
        Path(".data"), description="Where the embedded servers and local keys live."
    )
    database_pool: int = Field(
        10, ge=1, description="Connections of this process, those of the queue beside."
    )

    # Tenants and their credentials.
    client_name: str | None = Field(
        None, description="Pinned mode: the one client this process serves."
    )
    environment: Literal["development", "staging", "production"] | None = Field(
        None, description="Pinned mode: the one environment this process serves."
    )
    credentials_store: Literal["directory", "kubernetes"] = Field(
        "directory",
        description="Shared mode: where credentials lie. `kubernetes`: Secret `<client>-credentials`"
        " in namespace `<client>-<environment>`.",
    )
    provisioner_url: str | None = Field(
        None,
        description="Where the part `admin` finds the internal port of the part `provisioner`."
        " Unset: it runs in the same process.",
    )
    sealing_certificate: str | None = Field(
        None,
        description="Certificate of the cluster's Sealed Secrets controller, or the file it is in."
        " Set: credentials are also kept sealed, for the manifests; with `kubernetes`, only so.",
    )
    credentials_dir: Path = Field(
        Path("credentials"),
        description="Shared mode: a folder of `<client>-<environment>.env` files.",
    )
    credentials_mount: Path = Field(
        Path("/var/run/credentials"),
        description="Pinned mode: a mounted Secret, one file a key.",
    )

    # Vendors.
    meta_graph_url: str = Field("https://graph.facebook.com", description="Meta's Graph API.")
    meta_graph_version: str = Field("v26.0", description="Version of the Graph API.")
    gemini_url: str = Field(
        "https://generativelanguage.googleapis.com", description="Gemini Developer API."
    )
    gemini_api_version: str = Field("v1", description="Version of the Gemini API.")
    gemini_model: str = Field("gemini-3.5-flash-lite", description="The model that is asked.")
    gemini_mode: Literal["ANY", "VALIDATED"] = Field(
        "ANY",
        description="How Gemini is held to calling functions; text beside a call is ignored.",
    )
    gemini_enabled: bool = Field(
        True, description="Off: every tenant is answered by the menu, no model is asked."
    )
    google_calendar_url: str = Field(
        "https://www.googleapis.com/calendar/v3/", description="Google Calendar API."
    )
    google_token_url: str = Field(
        "https://oauth2.googleapis.com/token",
        description="Where service accounts get tokens; what a key file says is ignored.",
    )
    vendor_timeout_s: Seconds = Field(
        timedelta(seconds=10), description="Longest one call to a vendor may take."
    )

    # How contacts are answered.
    debounce_s: Seconds = Field(
        timedelta(seconds=1.5), description="Quiet time after a message before it is answered."
    )
    debounce_cap_s: Seconds = Field(
        timedelta(seconds=6), description="Longest a burst is waited for."
    )
    lease_s: Seconds = Field(
        timedelta(seconds=15), description="How long a worker may be silent and keep a contact."
    )
    standstill_s: Seconds | None = Field(
        None,
        description="How long the event loop may stand still before the process is ended and"
        " started again. Unset: half of `LEASE_S`.",
    )
    turn_processor_s: Seconds = Field(
        timedelta(seconds=2),
        description="Processor time after which the model is given up in a turn, and the menu"
        " answers.",
    )
    turn_deadline_s: Seconds = Field(
        timedelta(seconds=40), description="Longest the model is asked in one turn, in all."
    )
    model_rounds: int = Field(5, ge=1, description="Most model calls in one turn.")
    hold_s: Seconds = Field(timedelta(minutes=5), description="How long a held slot stays held.")
    human_s: Seconds = Field(
        timedelta(hours=12), description="How long the assistant stays silent after a handoff."
    )
    human_idle_s: Seconds = Field(
        timedelta(hours=1),
        description="How long a person who took a conversation keeps it after their last reply.",
    )
    owner_notice_template: str | None = Field(
        None,
        description="Name of a template with one body variable, approved in the languages of your"
        " tenants (pt_BR, en, es), in which notices to owners are sent. Unset: as plain text, which Meta delivers only within 24 hours of the"
        " owner's own last message.",
    )
    meta_verify_token: str | None = Field(
        None,
        description="What Meta must know to set `/api/v1/webhooks/meta` as an app's callback. Unset:"
        " nobody can set it, and templates are looked at every hour.",
    )
    park_after: int = Field(
        5, ge=1, description="Starts of one turn before it is parked for a person."
    )
    uncertain_s: Seconds = Field(
        timedelta(minutes=2),
        description="How long an interrupted send waits for a status before it is sent again.",
    )
    claim_s: Seconds = Field(
        timedelta(seconds=60),
        description="How long one send or calendar write may take before its worker is taken for"
        " dead: more than the vendors' time-outs together.",
    )
    forgotten_s: Seconds = Field(
        timedelta(seconds=4),
        description="How late a wake-up may be before the message or effect it is for is taken for"
        " forgotten.",
    )
    sweep_s: Seconds = Field(
        timedelta(seconds=5), description="How often forgotten work is looked for."
    )
    worker_concurrency: int = Field(32, ge=4, description="Wake-ups one worker handles at a time.")
    worker_processes: int = Field(
        1, ge=1, description="How many workers share a number's send rate while Redis is away."
    )
    tenant_concurrency: int = Field(8, ge=1, description="Of those, how many may be of one tenant.")
    retention_days: int = Field(
        90, ge=8, description="How long events and effects are kept; Meta redelivers for 7 days."
    )
    offboarding_grace_days: int = Field(
        30, ge=7, description="How long an off-boarded tenant can be restored before it is purged."
    )

    # Tokens of the tenant API.
    jwt_keys_dir: Path | None = Field(
        None,
        description="Folder of ES256 keys: `<kid>.pub.pem`, and `<kid>.pem` where tokens are made."
        " Unset: made in the data folder.",
    )

    # Manifests.
    manifests_repository: str | None = Field(
        None,
        description="Private Git repository that Argo CD applies; `publish` pushes to it. Its"
        " login is Git's business: an SSH key or a credential helper, no password in the URL.",
    )
    manifests_branch: str = Field("main", description="The branch of it that is pushed to.")

    # What is written down.
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe log line."
    )
    log_format: Literal["json", "console"] | None = Field(
        None,
        description="`json` in ECS field names, or `console` for people. Unset: `console` on a"
        " terminal, else `json`.",
    )
    log_texts: bool = Field(
        False, description="On: phone numbers and texts unmasked in logs. Never in production."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _count_or_networks(cls, value: str | None) -> str | None:
        if value is not None and value in PROXIES:
            return value
        for each in value.split(",") if value is not None else ():
            ip_network(each.strip())  # a mistake here would be believed silently
        return value

    @model_validator(mode="after")
    def _pinned_to_both_or_none(self) -> Self:
        if (self.client_name is None) != (self.environment is None):
            raise ValueError("CLIENT_NAME and ENVIRONMENT are set together, or neither is")
        return self

    def lacks_proxies(self, parts: Collection[Part]) -> bool:
        """Tell whether all sign-ins would seem to come from one proxy.

        No part of ours speaks TLS: where the public address does, something stands in front.
        """
        public = (self.public_url or "").startswith("https://")
        return "admin" in parts and public and self.trusted_proxies is None

    @property
    def sealed(self) -> bool:
        """Whether Secrets are the Sealed Secrets controller's: nothing here writes one."""
        return self.sealing_certificate is not None and self.credentials_store == "kubernetes"

    @property
    def unsaid_topology(self) -> Literal["shared", "isolated"]:
        """What a new tenant is where nobody says it.

        Isolated where there is a cluster to run its pods. On one machine nothing would answer it.
        """
        cluster = (
            self.credentials_store == "kubernetes"
            or self.sealing_certificate is not None
            or self.manifests_repository is not None
        )
        return "isolated" if cluster else "shared"

    @property
    def pinned(self) -> bool:
        return self.client_name is not None
