"""torch's own catalogue of export cases, each as a script that a person could upload.

A script is the case's own file as torch ships it, with the export call below: run from torch's
folder its lines would be torch's and no user's.
"""

from importlib.util import find_spec
from pathlib import Path

FOLDER = Path("_export", "db", "examples")


def catalogue() -> dict[str, str]:
    """The texts of the scripts, by the names of the cases."""
    spec = find_spec("torch")  # does not import it
    assert spec is not None
    assert spec.origin is not None
    files = sorted((Path(spec.origin).parent / FOLDER).glob("*.py"))
    return {path.stem: script_of(path.read_text()) for path in files if path.stem != "__init__"}


def script_of(case: str) -> str:
    """A case's text with the export call that it is meant for."""
    arguments = ["model", "example_args"]
    for name, argument in (
        ("example_kwargs", "example_kwargs"),
        ("dynamic_shapes", "dynamic_shapes=dynamic_shapes"),
    ):
        if f"\n{name} = " in case:
            arguments.append(argument)
    return f"{case}\ntorch.export.export({', '.join(arguments)})\n"
