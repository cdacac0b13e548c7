"""What became of a module in a run."""

from enum import StrEnum


class Fate(StrEnum):
    """The best that is known of a module that the eager run called."""

    EXPORTED = "exported"  # in some stage that passed
    FAILED = "failed"  # its own code, or that of a module in it, stops an export
    BYPASSED = "bypassed"  # only ever inside a call that was replaced
    NOT_REACHED = "not_reached"  # no export came to it
