"""The output of a run's two probe processes, capped: its beginning and its last words. Pure."""

from workers.events import ProbeKind

_TITLES = {
    ProbeKind.STAGED: "eager run, components and assembled stages",
    ProbeKind.WHOLE: "the whole model, in a process of its own",
}


class CappedLog:
    """Keeps the first and the last bytes of a stream, half of `limit` each, and counts the rest."""

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._head = bytearray()
        self._tail = bytearray()
        self.dropped = 0

    def write(self, data: bytes) -> None:
        """Append output."""
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        over = len(self._tail) - self._half
        if over > 0:
            del self._tail[:over]
            self.dropped += over

    def text(self) -> str:
        """What was kept, marked where it was cut. Bytes that are no UTF-8 become U+FFFD."""
        if not self.dropped:
            return _decode(self._head + self._tail)
        mark = f"\n[… {self.dropped:,} bytes cut here: STAGELIGHT_LOG_BYTES …]\n"
        return _decode(self._head) + mark + _decode(self._tail)


def join(logs: dict[ProbeKind, CappedLog]) -> tuple[str, int]:
    """One text of both processes' output, and how many bytes were dropped.

    Both run the same script, so most often they say the same: then it stands once.
    """
    texts = {kind: log.text() for kind, log in logs.items() if log.text()}
    dropped = sum(log.dropped for log in logs.values())
    staged, whole = (texts.get(kind, "") for kind in (ProbeKind.STAGED, ProbeKind.WHOLE))
    if staged.startswith(whole):
        return staged, dropped
    if whole.startswith(staged):
        return whole, dropped
    parts = [f"── {_TITLES[kind]} ──\n{texts[kind].rstrip()}\n" for kind in _TITLES]
    return "\n".join(parts), dropped


def _decode(data: bytearray) -> str:
    return data.decode("utf-8", errors="replace").replace("\0", "\ufffd")
