"""Says more after its last word, from a thread, while the process is kept from ending."""

import os
import threading
import time

from attack_kit import attempt, say_event


def go_on() -> None:
    for number in range(1000):
        attempt(say_event, "note", code="late", message=str(number))
        time.sleep(0.01)


setattr(os, "_exit", lambda code: time.sleep(10_000))  # noqa: B010 - mypy
failure = {"category": "script_error", "exception": "E", "message": "m"}
say_event("failed", failure=failure)
say_event("finished")
threading.Thread(target=go_on).start()
time.sleep(10_000)
