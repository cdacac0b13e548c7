"""Finds the probe's own emitter and other objects in memory, and speaks through them."""

import gc
import sys

from attack_kit import attempt

emitters = [item for item in gc.get_objects() if type(item).__name__ == "Emitter"]
for emitter in emitters:
    attempt(
        lambda emitter=emitter: emitter.emit("loaded", form="<b>", model_class="x" * 10_000_000)
    )
    attempt(lambda emitter=emitter: emitter.note("forged", "\ud800"))
    attempt(setattr, emitter, "_fd", 1)
frame = sys._getframe()
while frame.f_back:
    frame = frame.f_back
    for name, value in list(frame.f_locals.items()):
        if name in ("job", "emitter", "self"):
            attempt(setattr, value, "_emitter", None)
