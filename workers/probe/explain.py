"""What to do about the exceptions that a script itself raises."""

from .categories import chain_of
from .errors import ScriptError
from .script import ARGV_HINT, top_level_packages

_HUB_ERRORS = ("LocalEntryNotFoundError", "OfflineModeIsEnabled", "HfHubHTTPError")


def script_hint(error: BaseException) -> str:
    """What to do next; empty where there is nothing to say beyond the exception's own words."""
    if isinstance(error, ScriptError):
        return error.hint
    if isinstance(error, ModuleNotFoundError):
        return (
            f"This runtime has no {error.name}. Leave the import out, put the module into a .zip "
            f"beside the script, or choose another runtime. It has: "
            f"{', '.join(top_level_packages())}."
        )
    if any(type(link).__name__ in _HUB_ERRORS or _is_hub(link) for link in chain_of(error)):
        return (
            "A config or a tokenizer is to be fetched from a hub, and the probe has no network. "
            "Build the model from a config with random weights, as in "
            "Model(Config()) or AutoModel.from_config(…), put the files into the .zip, "
            "or let an admin mount a cache (STAGELIGHT_HF_HOME, STAGELIGHT_TORCH_HOME)."
        )
    if isinstance(error, FileNotFoundError):
        return "Only what was uploaded is there: put the file into a .zip beside the script."
    if isinstance(error, EOFError):
        return "Nobody answers input() here: give values in the script or by the option argv."
    if isinstance(error, SystemExit):
        return ARGV_HINT
    return ""


def _is_hub(error: BaseException) -> bool:
    text = str(error)
    return isinstance(error, OSError) and ("huggingface.co" in text or "torch.hub" in text)
