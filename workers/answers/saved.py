"""What the kind `saver` answers, after the pieces of its two files: the program and the cases."""

from typing import Literal

from app.graphs.document import Count, Record
from workers.events import FailureReport, Seconds


class Saved(Record):
    """The program was saved, or not. Where its bytes are past the cap, no file was sent."""

    type: Literal["saved"]
    seconds: Seconds  # of torch.export.save
    bytes: Count  # of the program
    failure: FailureReport | None = None
