"""How the command ends: its exit statuses, and the errors that bring their own."""

from enum import IntEnum

from app.errors import StagelightError


class Exit(IntEnum):
    """What a calling program learns."""

    EXPORTED = 0  # the whole model exports, and no replay differs
    STOPPED = 1  # it does not, or computes something else, or it regressed
    USAGE = 2  # the command or the upload cannot be taken
    SCRIPT = 3  # the script, its inputs or its eager run fail
    NO_VERDICT = 4  # a limit, a fault of Stagelight, or cancelled
    UNREACHABLE = 5  # no Stagelight answers at the server's address


MEANINGS = {
    Exit.EXPORTED: "the model exports",
    Exit.STOPPED: "it does not, computes something else, or got worse than the baseline",
    Exit.USAGE: "the command or the upload was refused",
    Exit.SCRIPT: "the script itself fails",
    Exit.NO_VERDICT: "no verdict: a limit, our fault, or cancelled",
    Exit.UNREACHABLE: "the server cannot be reached",
}


class CommandError(StagelightError):
    """The command cannot do what was asked."""

    code = "bad_command"
    exit = Exit.USAGE


class RefusedError(CommandError):
    """The server answered with an error of its own."""

    code = "refused"


class BusyError(RefusedError):
    """The server takes no more for `seconds`."""

    def __init__(self, message: str, hint: str, *, code: str, seconds: int) -> None:
        super().__init__(message, hint, code=code)
        self.seconds = seconds


class UnreachableError(CommandError):
    """No Stagelight answers at the server's address."""

    code = "unreachable"
    exit = Exit.UNREACHABLE


class WorkerError(CommandError):
    """The worker of an embedded run does not stay alive."""

    code = "worker"
    exit = Exit.NO_VERDICT
