"""Says that everything passed, without a model; it can only ever lie about its own run."""

import os

from attack_kit import say_event

EVIL = "../../etc/passwd\x00<img src=x onerror=alert(1)>"
node = {"name": EVIL, "op": "call_function", "target": "os.system"}
say_event(
    "loaded",
    form="names",
    model_class=EVIL,
    parameters=-(2**63),
    buffers=2**63 - 1,
    dtypes=[EVIL],
    devices=[EVIL],
    training=False,
    strict=False,
    environment={EVIL: {EVIL: 1}},
    seconds=-1e300,
)
say_event("note", code=EVIL, message=EVIL)
say_event("stage_started", key="whole")
say_event(
    "stage_finished",
    key="whole",
    status="passed",
    seconds=0.0,
    graph={"version": 2, "nodes": [node]},
    code=EVIL,
    replay={"status": "equal", "cases": [{"status": "equal"}]},
)
say_event("finished")
os._exit(0)
