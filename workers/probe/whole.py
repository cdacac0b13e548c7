"""The whole child: exactly the user's call, with nothing run before it."""

from typing import NoReturn

from .call import Call
from .emit import Emitter
from .frames import Places
from .snapshot import Snapshot
from .stages import Attempt, Bench

KEY = "whole"


def run_whole(places: Places, emitter: Emitter, call: Call) -> NoReturn:
    """Export the whole model, replay it, and end the process."""
    bench = Bench(call, places, emitter, Snapshot(call.model))
    bench.run(Attempt(KEY, call.export, call.model, call.model, call.args, call.kwargs))
    emitter.finish()
