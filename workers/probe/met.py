"""What an export met on its way, and how it went on."""

from dataclasses import dataclass, field

from .diagnose import Finding
from .frames import Frame


@dataclass
class Met:
    """A finding, and how the export went on."""

    finding: Finding
    bypass: str
    behind: bool
    jumped: str | None = None
    again: int = 0  # times that the same call came once more, and was not tried


@dataclass
class Path:
    """What one export met."""

    met: list[Met] = field(default_factory=list)
    # How many guards had been made when the first value stood in for another: a size that a later
    # one fixes may be the stand-in's.
    sound_guards: int | None = None
    # The last line that set an attribute of a tensor, as .data, and its module's path.
    assigned: tuple[Frame | None, str | None] = (None, None)

    def add(self, finding: Finding, bypass: str, jumped: str | None = None) -> Met:
        """Take one more."""
        met = Met(finding, bypass, bool(self.met), jumped)
        self.met.append(met)
        return met
