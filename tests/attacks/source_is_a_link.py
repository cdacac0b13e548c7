"""Puts links to the secret in the place of its own source, and fails: the report shows source."""

import linecache
import os
import shutil
from pathlib import Path

from attack_kit import HOST, attempt, check_secret

here = Path(__file__)
attempt(os.unlink, here)
attempt(os.symlink, HOST["secret_file"], here)
attempt(os.rename, here.parent, f"{here.parent}.moved")
attempt(os.symlink, os.path.dirname(HOST["secret_file"]), here.parent)  # noqa: PTH120
attempt(shutil.copyfile, HOST["secret_file"], here)
linecache.checkcache()
check_secret("in place of the source", linecache.getline(str(here), 1))


def fail() -> None:
    raise RuntimeError("where is my source?")


code = fail.__code__.replace(co_filename=HOST["secret_file"], co_firstlineno=0)
exec(code.replace(co_name=f"../../{HOST['secret_file']}"))
