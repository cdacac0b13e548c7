"""Probes of errands: the two files that a saver sends, given to a loader."""

from pathlib import Path

from app.services.options import RunOptions
from tests.probe_support import SHARED, Said, read_both, run_probe
from workers.events import ProbeKind
from workers.protocol import Order, parse_line
from workers.sandbox.policy import make_job

ROOM = {"bytes": 2**24}


def saved(root: Path, script: str, room: int = 2**24) -> tuple[Said, dict[str, bytes]]:
    """What the saver says of a script, and the files that it sent."""
    said = run_probe(root, script, kind="saver", work={"bytes": room})
    files: dict[str, bytes] = {}
    for piece in said.all("piece"):
        files[piece.name] = files.get(piece.name, b"") + piece.data
    return said, files


def loaded(files: dict[str, bytes]) -> Said:
    """What the loader says of such files."""
    kind, settings = ProbeKind.LOADER, SHARED.settings
    job = make_job(kind, "", RunOptions(), settings)
    upload, nowhere = list(files.items()), Path("/nonexistent")
    process = SHARED.get().start(settings.default_runtime, job, upload, nowhere)
    said, order = Said(), Order(kind)
    try:
        events, output = read_both(process)
        said.end = process.reap()
    finally:
        process.close()
    said.log = output.decode(errors="replace")
    for line in events.splitlines():
        said.events.append(parse_line(line))
        order.accept(said.events[-1])
    return said
