"""Every setting of the product, read from STAGELIGHT_* environment variables."""

import sys
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from limits import parse
from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})  # as a browser names it

Network = IPv4Network | IPv6Network

# What scripts import most and what takes longest: imported once, before any script.
DEFAULT_PRELOAD = ("numpy", "transformers.modeling_utils", "torchvision")


class Settings(BaseSettings):
    """Settings of web and worker. Each is documented in docs/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix="STAGELIGHT_", env_ignore_empty=True, extra="ignore"
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    # Only where the network around it lets in this very machine alone, as docker-compose.yml does.
    behind_loopback_proxy: bool = False
    data: Path = Path("data")
    database_url: str = ""
    # Whether people need an account. Without, whoever reaches the loopback may do all.
    accounts: bool = False
    session_days: Annotated[float, Field(gt=0, le=365)] = 30.0
    audit_days: Annotated[float, Field(ge=0, le=36500)] = 0.0  # 0: the audit log is never shortened

    # How often, each for one person or one network address.
    login_rate: str = "10/5 minutes"
    upload_rate: str = "60/minute"
    share_rate: str = "60/minute"
    guess_rate: str = "30/minute"

    # How much, each for one person; 0: as much as they like.
    quota_runs: Annotated[int, Field(ge=0)] = 50
    quota_minutes: Annotated[int, Field(ge=0)] = 24 * 60  # all that one worker has in a day
    quota_storage_mb: Annotated[int, Field(ge=0)] = 20 * 2**10

    # Login with OpenID Connect.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None  # null: a public client
    oidc_name: Annotated[str, Field(max_length=60)] = "single sign-on"
    # Of people who come without an invite; empty: nobody does.
    oidc_role: Literal["", "viewer", "member"] = ""

    workers: Annotated[int, Field(ge=0, le=64)] = 1
    runtimes: Annotated[dict[str, Path], NoDecode] = Field(default_factory=dict)

    # Uploads, in bytes and files.
    upload_bytes: Annotated[int, Field(gt=0)] = 32 * 2**20
    script_bytes: Annotated[int, Field(gt=0)] = 2 * 2**20
    unpacked_bytes: Annotated[int, Field(gt=0)] = 256 * 2**20
    unpacked_files: Annotated[int, Field(gt=0)] = 2000

    # One run. A run has two probe processes; all but wall_seconds and artefact_bytes count for
    # each of them.
    wall_seconds: Annotated[float, Field(gt=0)] = 600.0
    cpu_seconds: Annotated[int, Field(gt=0)] = 1200
    memory_mb: Annotated[int, Field(gt=0)] = 8192
    threads: Annotated[int, Field(gt=0)] = 1
    thread_limit: Annotated[int, Field(gt=0)] = 64
    output_bytes: Annotated[int, Field(gt=0)] = 64 * 2**20
    log_bytes: Annotated[int, Field(gt=0)] = 512 * 2**10
    event_bytes: Annotated[int, Field(gt=0)] = 64 * 2**20
    events_bytes: Annotated[int, Field(gt=0)] = 256 * 2**20
    graph_nodes: Annotated[int, Field(gt=0)] = 200_000
    artefact_bytes: Annotated[int, Field(gt=0)] = 256 * 2**20

    # How long a deleted run can be restored; then it is removed for good.
    undo_hours: Annotated[float, Field(ge=0, le=24 * 3650)] = 24.0

    # What is tried after the verdict, one process at a time.
    follow_ups: bool = True
    follow_seconds: Annotated[float, Field(gt=0)] = 1800.0
    remedy_seconds: Annotated[float, Field(gt=0)] = 120.0
    program_mb: Annotated[int, Field(gt=0)] = 512

    # The sandbox. A tier by its name: that one or none; auto: the best that the host can give.
    sandbox: Literal["auto", "full", "filters", "reduced", "off"] = "auto"
    sandbox_uid: Annotated[int, Field(gt=0, lt=2**31 - 4096)] = 2_100_000_000
    scratch: Path | None = None
    scratch_mb: Annotated[int, Field(gt=0)] = 64
    scratch_files: Annotated[int, Field(gt=0)] = 2048
    preload: Annotated[dict[str, tuple[str, ...]], NoDecode] = Field(default_factory=dict)
    zygote_jobs: Annotated[int, Field(gt=0)] = 500
    zygote_growth_mb: Annotated[int, Field(gt=0)] = 256

    # Read-only caches of weights and configs that scripts may use; empty: none.
    torch_home: Path | None = None
    hf_home: Path | None = None

    # The queue, in seconds.
    lease_seconds: Annotated[float, Field(gt=0)] = 10.0
    poll_seconds: Annotated[float, Field(gt=0)] = 0.2
    attempts: Annotated[int, Field(ge=1)] = 2

    # Links that show a report to whoever has them.
    public_url: str = ""
    share_forever: bool = False

    # Networks that webhooks may lead to although they are not public, as CIDR.
    webhook_networks: str = ""

    @field_validator("runtimes", mode="before")
    @classmethod
    def _split_runtimes(cls, value: object) -> object:
        """Read `name=path, name=path` as a mapping."""
        return _pairs(value, "STAGELIGHT_RUNTIMES", "name=/path/to/python,name=/path/…")

    @field_validator("preload", mode="before")
    @classmethod
    def _split_preload(cls, value: object) -> object:
        """Read `name=module+module, name=module` as a mapping."""
        pairs = _pairs(value, "STAGELIGHT_PRELOAD", "name=module+module,name=module")
        if pairs is value or not isinstance(pairs, dict):
            return value
        return {name: tuple(modules.split("+")) for name, modules in pairs.items()}

    @field_validator("login_rate", "upload_rate", "share_rate", "guess_rate")
    @classmethod
    def _check_rate(cls, value: str, info: ValidationInfo) -> str:
        """A number and a time, as `limits` reads them."""
        try:
            parse(value)
        except ValueError:
            name = f"STAGELIGHT_{info.field_name}".upper()
            raise ValueError(f"write {name} as 10/minute or 100/2 hours") from None
        return value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str) -> str:
        """An address that links can begin with: its slash at the end is left out."""
        parts = urlsplit(value)
        wrong = (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.port == 0
            or "@" in parts.netloc
            or parts.query
            or parts.fragment
            or not value.isascii()
        )
        if value and wrong:
            raise ValueError(
                "write STAGELIGHT_PUBLIC_URL as https://host or https://host/path, without a query"
            )
        return value.rstrip("/")

    @field_validator("webhook_networks")
    @classmethod
    def _check_webhook_networks(cls, value: str) -> str:
        """Networks, as `ipaddress` reads them."""
        try:
            _networks(value)
        except ValueError:
            raise ValueError(
                "write STAGELIGHT_WEBHOOK_NETWORKS as 10.1.0.0/16,fd12::/48, each address the "
                "first of its network"
            ) from None
        return value

    @property
    def reachable_networks(self) -> tuple[Network, ...]:
        """What webhooks may lead to beside public addresses."""
        return _networks(self.webhook_networks)

    @field_validator("oidc_issuer")
    @classmethod
    def _check_issuer(cls, value: str) -> str:
        """An address to ask for a provider's endpoints; kept as it is, for tokens repeat it."""
        parts = urlsplit(value)
        wrong = not is_sealed(value) or "@" in parts.netloc or parts.query or parts.fragment
        if value and wrong:
            raise ValueError(
                "write STAGELIGHT_OIDC_ISSUER as https://host or https://host/path, without a "
                "query; http is for a provider on this machine alone"
            )
        return value

    @model_validator(mode="after")
    def _check_oidc(self) -> Self:
        """All that a login with OpenID Connect stands on, or nothing of it."""
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise ValueError("set STAGELIGHT_OIDC_ISSUER and STAGELIGHT_OIDC_CLIENT_ID, or neither")
        if not self.oidc_issuer:
            return self
        if not self.accounts:
            raise ValueError("STAGELIGHT_OIDC_ISSUER needs STAGELIGHT_ACCOUNTS=true")
        if not self.public_url and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError(
                "STAGELIGHT_OIDC_ISSUER needs STAGELIGHT_PUBLIC_URL: the provider sends people "
                "back there"
            )
        return self

    @property
    def local_hosts(self) -> frozenset[str]:
        """The names that this server has for who needs no account where there are none."""
        host = f"[{self.host}]" if ":" in self.host else self.host.lower()
        return LOOPBACK | {host}

    @property
    def hosts(self) -> frozenset[str]:
        """The names that this server answers to."""
        public = urlsplit(self.public_url).hostname
        if public is None:
            return self.local_hosts
        return self.local_hosts | {f"[{public}]" if ":" in public else public}

    @property
    def oidc_provider(self) -> str:
        """What people can log in with beside a password; empty: nothing."""
        return self.oidc_name if self.oidc_issuer else ""

    @property
    def is_https(self) -> bool:
        """Whether browsers reach it over https."""
        return urlsplit(self.public_url).scheme == "https"

    @cached_property
    def url(self) -> str:
        """The database's address; a SQLite file under `data` unless set."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'stagelight.db'}"

    @cached_property
    def pythons(self) -> dict[str, Path]:
        """Runtime name → its Python. Without a setting: this very environment."""
        return self.runtimes or {"default": Path(sys.executable)}

    def preloads(self, runtime: str) -> tuple[str, ...]:
        """The modules that a runtime's zygote imports beside torch, those it has of them."""
        return self.preload.get(runtime, DEFAULT_PRELOAD)

    @property
    def default_runtime(self) -> str:
        """The runtime a run gets that names none: the first."""
        return next(iter(self.pythons))


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(item.strip()) for item in text.split(",") if item.strip())


def is_sealed(url: str) -> bool:
    """Whether what is sent to `url` is read by nobody on the way: https, or this very machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    here = (f"[{host}]" if ":" in host else host) in LOOPBACK
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and here))


def _pairs(value: object, variable: str, form: str) -> object:
    """The text `key=value, key=value` as a mapping; what is no text stays as it is."""
    if not isinstance(value, str):
        return value
    pairs = [item.partition("=") for item in value.split(",") if item.strip()]
    if any(not key.strip() or not text.strip() for key, _, text in pairs):
        raise ValueError(f"write {variable} as {form}")
    return {key.strip(): text.strip() for key, _, text in pairs}
