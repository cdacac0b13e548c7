"""Says things of other runs: their numbers, tokens and stages in every event."""

import os

from attack_kit import say_event

for run in (1, 2, "../2", -1):
    say_event("finished", run=run, run_id=run, id=run, token="stolen", worker="w")
    say_event("stage_finished", key=f"{run}/whole", status="passed", run_id=run)
    say_event("claim", run_id=run)
os._exit(0)
