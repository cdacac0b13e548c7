"""Says what only the worker and the zygote say to each other: job ends, exits, descriptors."""

import json
import os
import stat

from attack_kit import attempt, descriptors

MESSAGES = (
    {"type": "exit", "code": 0, "status": 0, "pid": 1, "job": 1},
    {"type": "spawn", "argv": ["/bin/sh"], "job": 2, "uid": 0},
    {"type": "sealed", "tier": "full"},
    {"type": "ready"},
)
for fd, mode in descriptors():
    if fd > 2 and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        for message in MESSAGES:
            attempt(os.write, fd, json.dumps(message).encode() + b"\n")
