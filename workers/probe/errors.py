"""How the probe says that something is the script's fault."""


class ScriptError(Exception):
    """The script gives no model that could be exported. `hint` says what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
