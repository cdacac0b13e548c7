"""What others want of a run while it is worked on."""

from enum import Enum


class Wish(Enum):
    """What others want of a run while it is driven."""

    GO_ON = "go on"
    CANCEL = "cancel"  # somebody asked for it
    STOP = "stop"  # this worker is to end: the run is handed back
    LOST = "lost"  # the run is another worker's: nothing more may be written
