"""Which Stagelight this is."""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Of the installed package; a bare checkout has none."""
    try:
        return version("stagelight")
    except PackageNotFoundError:
        return "0"
