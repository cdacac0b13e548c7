"""Tensors that a forward keeps on its module and that the exported program loses.

torch.export does not refuse an assignment of a tensor to an attribute, it warns (2.13 and later):
"The tensor attribute self.last was assigned during export". Where the wording is another, nothing
is said of it here, and the warning is in the run's log as always.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_ASSIGNED = re.compile(r"The tensor attributes? (.+?) (?:was|were) assigned during export")


@contextmanager
def lost_attributes() -> Iterator[list[str]]:
    """The attributes that the exports in the block warn of, `self.last`; they are still shown."""
    lost: list[str] = []
    show = warnings.showwarning

    def note(message: Warning | str, *args: object, **kwargs: object) -> None:
        if found := _ASSIGNED.search(str(message)):
            lost.extend(found[1].split(", "))
        show(message, *args, **kwargs)  # type: ignore[arg-type]

    with warnings.catch_warnings():
        warnings.filterwarnings("always", message=_ASSIGNED.pattern)
        warnings.showwarning = note
        yield lost
