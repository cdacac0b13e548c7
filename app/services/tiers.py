"""The sandbox's tiers in words: how a page shows each, and what it means. Pure."""

from dataclasses import dataclass

from app.services.summary import Tone


@dataclass(frozen=True)
class TierWords:
    """A tier as people read it."""

    label: str
    tone: Tone
    meaning: str


TIERS = {
    "full": TierWords(
        "full",
        Tone.GOOD,
        "Landlock, a system-call filter and namespaces: a script sees its runtime and a scratch "
        "folder of its own, has no network and starts no process.",
    ),
    "filters": TierWords(
        "filters",
        Tone.GOOD,
        "Landlock and a system-call filter, without namespaces: the same is forbidden, but a "
        "script can learn which files there are on this host, though not what is in them.",
    ),
    "reduced": TierWords(
        "reduced",
        Tone.DOUBT,
        "Namespaces of bubblewrap, with Landlock or the system-call filter missing: one layer less "
        "between a script and this host.",
    ),
    "off": TierWords(
        "off", Tone.BROKEN, "No sandbox: a script has all the rights of the Stagelight worker."
    ),
    "": TierWords(
        "refuses", Tone.BROKEN, "No script is started: every run that this worker takes fails."
    ),
}


def tier_words(tier: str) -> TierWords:
    """The words for a tier; one that is not known speaks for itself."""
    return TIERS.get(tier) or TierWords(tier, Tone.OFF, "A tier that this version does not know.")
