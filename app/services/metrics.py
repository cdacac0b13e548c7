"""Figures for monitoring, in the text format that Prometheus reads."""

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.models import Run, RunStatus


def metrics_text(session: Session) -> str:
    """Runs by status, and the queue's length by runtime."""
    by_status = dict.fromkeys(RunStatus, 0)
    queued: dict[str, int] = {}
    query = select(col(Run.status), col(Run.runtime), func.count()).group_by(
        col(Run.status), col(Run.runtime)
    )
    for status, runtime, count in session.execute(query):
        by_status[status] += count
        if status is RunStatus.QUEUED:
            queued[runtime] = count
    lines = [
        "# HELP stagelight_runs Runs by status.",
        "# TYPE stagelight_runs gauge",
        *(f'stagelight_runs{{status="{s.value}"}} {count}' for s, count in by_status.items()),
        "# HELP stagelight_queue_length Runs that wait for a worker, by runtime.",
        "# TYPE stagelight_queue_length gauge",
        *(
            f'stagelight_queue_length{{runtime="{_escaped(name)}"}} {count}'
            for name, count in sorted(queued.items())
        ),
    ]
    return "\n".join(lines) + "\n"


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
