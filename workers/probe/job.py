"""The job: what the worker asks of this process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Job:
    """One script, one set of options, one kind of work."""

    probe: str  # the kind, see main.py
    root: Path  # the folder of the unpacked upload
    entry: str  # the file in it that is run
    argv: list[str]
    call: int  # which export call of the script, from 1
    device: Literal["auto", "as_written"]
    strict: bool | None  # None: as the script has it
    stages: list[str] | dict[str, str | list[str]] | None
    dynamic_shapes: Any  # JSON, see dynamic.py; None: as the script has it
    threads: int
    work: dict[str, Any]  # what an errand is asked beside the script and its options
    sealed: bool  # whether the sandbox holds this process
    handover: int | None  # descriptor of the pipe from the staged child to the whole one

    @property
    def script(self) -> Path:
        """The entry file."""
        return self.root / self.entry


def read_job(fields: dict[str, Any]) -> Job:
    """The job that the worker wrote, as it came out of its JSON."""
    return Job(**fields | {"root": Path(fields["root"]).resolve()})
