"""Every setting of the product, read from STAGELIGHT_* environment variables."""

import sys
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


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
    workers: Annotated[int, Field(ge=0, le=64)] = 1
    runtimes: Annotated[dict[str, Path], NoDecode] = Field(default_factory=dict)

    # Uploads, in bytes and files.
    upload_bytes: Annotated[int, Field(gt=0)] = 32 * 2**20
    script_bytes: Annotated[int, Field(gt=0)] = 2 * 2**20
    unpacked_bytes: Annotated[int, Field(gt=0)] = 256 * 2**20
    unpacked_files: Annotated[int, Field(gt=0)] = 2000

    # One run. A run has two probe processes; memory and threads count for each of them.
    wall_seconds: Annotated[float, Field(gt=0)] = 600.0
    memory_mb: Annotated[int, Field(gt=0)] = 8192
    threads: Annotated[int, Field(gt=0)] = 1
    log_bytes: Annotated[int, Field(gt=0)] = 512 * 2**10
    event_bytes: Annotated[int, Field(gt=0)] = 64 * 2**20
    events_bytes: Annotated[int, Field(gt=0)] = 256 * 2**20

    # Read-only caches of weights and configs that scripts may use; empty: none.
    torch_home: Path | None = None
    hf_home: Path | None = None

    # The queue, in seconds.
    lease_seconds: Annotated[float, Field(gt=0)] = 10.0
    poll_seconds: Annotated[float, Field(gt=0)] = 0.2
    attempts: Annotated[int, Field(ge=1)] = 2

    @field_validator("runtimes", mode="before")
    @classmethod
    def _split_runtimes(cls, value: object) -> object:
        """Read `name=path, name=path` as a mapping."""
        if not isinstance(value, str):
            return value
        pairs = [item.partition("=") for item in value.split(",") if item.strip()]
        if any(not name.strip() or not path.strip() for name, _, path in pairs):
            raise ValueError("write STAGELIGHT_RUNTIMES as name=/path/to/python,name=/path/…")
        return {name.strip(): Path(path.strip()) for name, _, path in pairs}

    @cached_property
    def url(self) -> str:
        """The database's address; a SQLite file under `data` unless set."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'stagelight.db'}"

    @cached_property
    def pythons(self) -> dict[str, Path]:
        """Runtime name → its Python. Without a setting: this very environment."""
        return self.runtimes or {"default": Path(sys.executable)}

    @property
    def default_runtime(self) -> str:
        """The runtime a run gets that names none: the first."""
        return next(iter(self.pythons))
