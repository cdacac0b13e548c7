"""What a remedy may look at, and what it proposes. Nothing here runs or imports an upload."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.services.options import RunOptions

Kind = Literal["rewrite", "wrap", "request", "pin"]
"""rewrite: code that computes the same. wrap: hides a call behind an opaque operator. request:
changes what is asked for. pin: keeps the example's answer, other inputs are refused or differ."""

Data = dict[str, Any]


@dataclass(frozen=True)
class Cause:
    """One blocker. `file` and `line` are the culprit's; `births` and the rest as in the events."""

    category: str
    message: str
    exception: str
    file: str | None = None  # relative to the upload, or a library's
    line: int | None = None  # from 1
    text: str = ""
    function: str = ""
    in_upload: bool = False
    upload_file: str | None = None  # the upload's innermost line, the culprit's own where in_upload
    upload_line: int | None = None
    module: str | None = None
    expression: str | None = None
    value: str = ""
    births: list[Data] = field(default_factory=list)
    frames: list[Data] = field(default_factory=list)  # outermost first
    occurrences: list[Data] = field(default_factory=list)

    def spot(self, upload: "Upload") -> tuple[str, int] | None:
        """The culprit's file and line where it is one of the upload's sources."""
        if not self.in_upload or self.file is None or not self.line:
            return None
        return (self.file, self.line) if self.file in upload.files else None


@dataclass(frozen=True)
class Upload:
    """The script as it stands: the person's, or with the remedies that already work."""

    files: Mapping[str, str]  # Python sources, path to text
    entry: str
    options: RunOptions = field(default_factory=RunOptions)
    loaded: Data = field(default_factory=dict)  # the event `loaded`
    inputs: list[Data] = field(default_factory=list)  # specs of the run's inputs


@dataclass(frozen=True)
class Edit:
    """One proposal. `note` says in a sentence what it changes and what that costs."""

    files: Mapping[str, str] = field(default_factory=dict)  # changed files, whole new text
    options: Mapping[str, Any] = field(default_factory=dict)  # changed run options
    note: str = ""


@dataclass(frozen=True)
class Remedy:
    """One entry of the catalogue. `propose` gives nothing where the code does not allow it."""

    name: str
    title: str
    kind: Kind
    categories: frozenset[str]
    propose: Callable[[Cause, Upload], Iterable[Edit]]
