"""What is known of an exception: the lines that were running, outermost first."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

from torch import nn

from .categories import chain_of
from .frames import Frame, Places, frame_of, innermost_upload, innermost_user, outwards, walk
from .owners import path_of_owner, paths_by_state


@dataclass(frozen=True)
class Evidence:
    """An exception and its lines. `running` has the frame of each, where it is still known."""

    error: BaseException
    frames: list[Frame]
    running: list[FrameType | None]

    @property
    def culprit(self) -> Frame | None:
        """The innermost user frame."""
        return innermost_user(self.frames)

    @property
    def upload(self) -> Frame | None:
        """The innermost frame of the upload."""
        return innermost_upload(self.frames)

    @property
    def below(self) -> list[Frame]:
        """What the culprit line called. A recursion runs it at several depths: the last counts."""
        at = self._index_of(self.culprit)
        called = self.frames if at is None else self.frames[at + 1 :]
        return [frame for frame in called if frame.where != "probe"]

    @property
    def culprit_running(self) -> FrameType | None:
        """The culprit's frame itself, where it is still known."""
        at = self._index_of(self.culprit)
        return None if at is None else self.running[at]

    def module_path(self, root: nn.Module) -> str | None:
        """The path of the innermost module whose code was running at the culprit line."""
        at = self._index_of(self.culprit)
        if at is None:
            return None
        paths = paths_by_state(root)
        for frame in reversed(self.running[: at + 1]):
            if frame is not None and (path := path_of_owner(frame, paths)) is not None:
                return path
        return None

    def _index_of(self, wanted: Frame | None) -> int | None:
        if wanted is None:
            return None
        return len(self.frames) - 1 - self.frames[::-1].index(wanted)


def evidence_of(error: BaseException, places: Places, before: Sequence[Frame] = ()) -> Evidence:
    """What a raised exception says.

    The explicit cause is deeper than what wraps it; an implicit context counts only where
    nothing else has a user frame, for it may be an exception that the user's code handled.

    Args:
        error: the exception.
        places: tells the user's files.
        before: the lines that led to where its traceback begins, outermost first.
    """
    lines = _lines_of(_telling_link(error, places, chain_of(error)), places)
    return Evidence(
        error,
        [*before, *(frame for frame, _ in lines)],
        [*(None for _ in before), *(running for _, running in lines)],
    )


def evidence_within(
    error: BaseException, places: Places, before: Sequence[Frame], live: FrameType | None, top: str
) -> Evidence:
    """What an exception says that was caught inside the model, which still runs.

    Args:
        error: the exception; its traceback begins where it was caught.
        places: tells the user's files.
        before: the lines that led to the export, outermost first.
        live: the innermost running frame above the one that caught it.
        top: the file of the probe that runs the model: frames above it are left out.
    """
    # What it came from implicitly is left out: where it was caught, the user's lines are above.
    caught = _lines_of(_telling_link(error, places, ()), places)
    running = [*outwards(live, top)][::-1]
    above = [frame_of(frame, frame.f_lineno, places) for frame in running]
    return Evidence(
        error,
        [*before, *above, *(frame for frame, _ in caught)],
        [*(None for _ in before), *running, *(raw for _, raw in caught)],
    )


def _telling_link(
    error: BaseException, places: Places, others: Sequence[BaseException]
) -> BaseException:
    explicit = [error]
    while (cause := explicit[-1].__cause__) is not None and cause not in explicit:
        explicit.append(cause)
    for link in [*reversed(explicit), *others]:
        if innermost_user(frame for frame, _ in _lines_of(link, places)):
            return link
    return error


def _lines_of(error: BaseException, places: Places) -> list[tuple[Frame, FrameType | None]]:
    lines: list[tuple[Frame, FrameType | None]] = [
        (frame_of(raw, line, places), raw) for raw, line in walk(error.__traceback__)
    ]
    if innermost_user(frame for frame, _ in lines):
        return lines
    # Strict export runs no frame of the user's: dynamo keeps the stack it traced beside.
    stack = getattr(error, "real_stack", None) or []
    return lines + [
        (places.frame(item.filename, item.lineno or 0, item.name), None)
        for item in stack
        if isinstance(item, traceback.FrameSummary)
    ]
