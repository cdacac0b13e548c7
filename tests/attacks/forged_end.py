"""Says by itself that it failed and is finished, with hostile names and the host's paths."""

import time

from attack_kit import HOST, say_event

EVIL = "<script>alert(1)</script>\x1b[31m\u202e{{ 7*7 }}'\"; drop table run; --"
secret = HOST["secret_file"]
frame = {"file": secret, "line": 1, "function": EVIL, "where": "upload", "text": EVIL}
say_event(
    "failed",
    failure={
        "category": "script_error",
        "exception": EVIL[:300],
        "message": EVIL,
        "hint": f'<a href="file://{secret}">',
        "culprit": frame,
        "upload": {**frame, "file": f"../../../../../../..{secret}"},
        "frames": [frame] * 10,
        "source": {"file": secret, "first": 1, "lines": [EVIL]},
        "stack": EVIL,
    },
)
say_event("finished")
time.sleep(10_000)
