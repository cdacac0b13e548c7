"""What a report says of two runs: what stops them, stage by stage, what else is not the same."""

from app.models import Category
from app.services.view import View


class CauseChange(View):
    """Something that stops one of the runs, or both; `change` says in words what became of it."""

    change: str
    category: Category
    file: str | None
    line: int | None


class RowChange(View):
    """Something that both runs have, or one: as it was and as it is; empty: it is not there."""

    name: str
    base: str
    head: str
    same: bool


class ComparisonReport(View):
    """Two runs, side by side. `diff` is that of their scripts, as a unified diff."""

    base: int
    base_title: str
    base_verdict: str
    head_verdict: str
    causes: list[CauseChange]
    stages: list[RowChange]
    settings: list[RowChange]  # options and environment, only what is not the same
    diff: str
