"""The kind `draft`: torch's draft_export, which goes on where export stops, and so proves nothing.

It decides branches on values that are not the model's, so its graph may compute something else or
fail on the very inputs that it was made with: the replay says.
"""

from functools import partial
from typing import Any, NoReturn

import torch

from .call import Call
from .emit import Emitter
from .frames import Places
from .job import Job
from .snapshot import Snapshot
from .stages import Attempt, Bench
from .torch_draft import guesses_of

KEY = "draft"


def run_draft(_job: Job, places: Places, emitter: Emitter, call: Call) -> NoReturn:
    """Make the user's call with draft_export, and end the process."""
    bench = Bench(call, places, emitter, Snapshot(call.model))

    def detail(program: torch.export.ExportedProgram) -> dict[str, Any]:
        return {"guesses": guesses_of(program, places)}

    export = partial(
        torch.export.draft_export,
        call.model,
        call.args,
        call.kwargs,
        dynamic_shapes=call.dynamic_shapes,
        strict=call.strict,
        **call.extra,
    )
    inputs = call.args, call.kwargs
    bench.run(Attempt(KEY, export, call.model, call.model, *inputs, other_sizes=0, detail=detail))
    emitter.finish()
