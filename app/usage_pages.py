"""What pages show of a person's usage."""

from dataclasses import dataclass

from app.services.quotas import Measure, UsageView

NEARLY = 0.8  # of a quota: from then on it is said where one uploads

LABELS = {
    "runs": ("Runs", "queued or running"),
    "minutes": ("Worker time", "minutes in the last 24 hours"),
    "storage_mb": ("Storage", "MiB of scripts, graphs and programs"),
}


@dataclass(frozen=True)
class UsageRow:
    """One quota."""

    label: str
    unit: str
    used: float
    allowed: int | None

    @property
    def share(self) -> float:
        """How much of it is used up; 1 is all."""
        return self.used / self.allowed if self.allowed else 0.0

    @property
    def is_full(self) -> bool:
        """Whether nothing more is taken."""
        return self.share >= 1

    @property
    def is_nearly_full(self) -> bool:
        """Whether it is to be pointed out."""
        return self.share >= NEARLY


@dataclass(frozen=True)
class UsageCard:
    """The quotas of a person, for templates/_usage.html."""

    rows: tuple[UsageRow, ...]

    @classmethod
    def of(cls, view: UsageView) -> "UsageCard":
        """All of them."""
        measures: dict[str, Measure] = {name: getattr(view, name) for name in LABELS}
        return cls(
            tuple(UsageRow(*LABELS[name], one.used, one.allowed) for name, one in measures.items())
        )

    @classmethod
    def nearly_used_up(cls, view: UsageView) -> "UsageCard | None":
        """Those that are to be pointed out; None where there is none."""
        rows = tuple(row for row in cls.of(view).rows if row.is_nearly_full)
        return cls(rows) if rows else None
