"""The fingerprint of a failure that a probe reported."""

from app.fingerprint import fingerprint
from workers.events import FailureReport


def fingerprint_of(report: FailureReport) -> str:
    """The name of its cause, the same whichever probe told of it."""
    return fingerprint(
        report.category,
        report.expression,
        (report.module_class,),
        report.culprit.text if report.culprit else "",
        report.message,
    )
