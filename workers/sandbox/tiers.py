"""Which tier of sandbox a host gives, and what to say where it gives none. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from workers.sandbox.host import Host

FILTERS = ("landlock", "seccomp")


class Tier(StrEnum):
    """How well a script is sealed. Stored on every run."""

    FULL = "full"  # Landlock, seccomp, and namespaces of bwrap around them
    FILTERS = "filters"  # Landlock and seccomp: a script may learn which paths there are
    REDUCED = "reduced"  # bwrap and what there is of the filters
    OFF = "off"  # by explicit setting only: the rights of the worker


@dataclass(frozen=True)
class Plan:
    """What to put around a child. Without a tier no run may start, and `reason` says why.

    With one, `reason` says why it is not `full`, where it is not.
    """

    tier: Tier | None
    reason: str = ""
    layers: tuple[str, ...] = ()  # that each child puts on
    bwrap: str = ""  # the program, where it is used


def choose(host: Host, wanted: str) -> Plan:
    """The plan for a host.

    Args:
        host: what it has.
        wanted: the setting: `auto`, or the one tier that may be used.
    """
    if wanted == Tier.OFF:
        return Plan(Tier.OFF, "STAGELIGHT_SANDBOX is off: scripts have the rights of the worker.")
    if not host.linux:
        return Plan(
            None,
            "The sandbox needs Linux. Run Stagelight in a Linux container or virtual machine, "
            "or set STAGELIGHT_SANDBOX=off if you trust every script.",
        )
    has = tuple(layer for layer in FILTERS if getattr(host, layer))
    missing = "; ".join(host.why.values())
    best = _best(has, host)
    tier = best if wanted == "auto" else Tier(wanted)
    if tier is None or not _can(tier, has, host):
        asked = "a sandbox" if wanted == "auto" else f"the sandbox tier {wanted!r}"
        return Plan(
            None,
            f"This machine cannot give {asked}: {missing}. Until it can, no script is run here; "
            "see docs/security.md.",
        )
    layers = has
    if tier is Tier.REDUCED and has == FILTERS:  # by setting, on a machine that could do better
        layers = ("seccomp",)
    reason = "" if tier is Tier.FULL else f"Not full: {missing or 'by STAGELIGHT_SANDBOX'}."
    return Plan(tier, reason, layers, "" if tier is Tier.FILTERS else host.bwrap)


def _best(has: tuple[str, ...], host: Host) -> Tier | None:
    if has == FILTERS:
        return Tier.FULL if host.bwrap else Tier.FILTERS
    return Tier.REDUCED if host.bwrap else None


def _can(tier: Tier, has: tuple[str, ...], host: Host) -> bool:
    if tier is Tier.REDUCED:
        return bool(host.bwrap)
    return has == FILTERS and (tier is Tier.FILTERS or bool(host.bwrap))
