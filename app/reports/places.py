"""Lines of an upload, named as they lie where a report is read: in a repository, mostly. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from app.services.failure_views import FailureView

# A file of the upload to where it lies; None for a file that is not of the upload.
Locate = Callable[[str], str | None]


def as_named(file: str) -> str | None:
    """A file by the name that it has in the upload."""
    return file


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    file: str
    line: int


def upload_place(failure: FailureView, locate: Locate) -> Place | None:
    """The innermost line of the upload: the culprit's own, or where a library's is called from."""
    for file, line in (
        (failure.upload_file, failure.upload_line),
        (failure.file, failure.line),
    ):
        if file and line and (where := locate(file)) is not None:
            return Place(where, line)
    return None
