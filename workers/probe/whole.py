"""The whole child: exactly the user's call, with nothing run before it; then what comes of it.

`job.work` may say `{"only": "export"}`: what stops it at first is told, and nothing else is run.
"""

from typing import NoReturn

from .blockers import Search
from .call import Call
from .decomposed import run_decomposed
from .emit import Emitter
from .frames import Places
from .handover import taken
from .job import Job
from .snapshot import Snapshot
from .stages import Attempt, Bench

KEY = "whole"


def run_whole(job: Job, places: Places, emitter: Emitter, call: Call) -> NoReturn:
    """Export the whole model, decompose it or look for all that stops it, and end the process."""
    only_export = job.work.get("only") == "export"
    bench = Bench(call, places, emitter, Snapshot(call.model))
    attempt = Attempt(KEY, call.export, call.model, call.model, call.args, call.kwargs)
    outcome = bench.run(attempt)
    if outcome.program is None:
        search = Search(bench, outcome, taken(job.handover, call, places.root))
        search.tell_first() if only_export else search.run()
    elif not only_export:
        run_decomposed(bench, outcome.program)
    emitter.finish()
