"""The kind `strict`: the user's call in the other mode, strict where the script's is not."""

from dataclasses import replace
from typing import NoReturn

from .call import Call
from .emit import Emitter
from .frames import Places
from .job import Job
from .snapshot import Snapshot
from .stages import Attempt, Bench

KEY = "strict"


def run_strict(_job: Job, places: Places, emitter: Emitter, call: Call) -> NoReturn:
    """Export the whole model in the other mode, and end the process."""
    other = replace(call, strict=not call.strict)
    bench = Bench(other, places, emitter, Snapshot(call.model))
    bench.run(Attempt(KEY, other.export, call.model, call.model, call.args, call.kwargs))
    emitter.finish()
