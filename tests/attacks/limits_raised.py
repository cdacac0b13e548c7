"""Raises its own limits, and those of its parents."""

import resource

from attack_kit import attempt, reached

UNLIMITED = resource.RLIM_INFINITY
NAMES = [name for name in dir(resource) if name.startswith("RLIMIT_")]
for name in NAMES:
    what = getattr(resource, name)
    before = attempt(resource.getrlimit, what)
    if not isinstance(before, tuple):
        continue
    soft, hard = before
    for wish in ((UNLIMITED, UNLIMITED), (hard, UNLIMITED), (soft, hard * 2), (soft, hard + 1)):
        attempt(resource.setrlimit, what, wish)
        attempt(resource.prlimit, 0, what, wish)
    now = attempt(resource.getrlimit, what)
    if isinstance(now, tuple) and hard != UNLIMITED and (now[1] == UNLIMITED or now[1] > hard):
        reached(f"{name} from {before} to {now}")
for name in ("RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_DATA", "RLIMIT_AS", "RLIMIT_FSIZE"):
    soft, hard = resource.getrlimit(getattr(resource, name))
    if hard == UNLIMITED:
        reached(f"no limit: {name}")
