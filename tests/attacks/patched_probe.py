"""Replaces what the probe works with: os.write, json.dumps, its modules, type checks, open."""

import builtins
import json
import os
import sys
from typing import Any


def lie(*arguments: Any, **keywords: Any) -> Any:
    return "{}"


json.dumps = lie
json.JSONEncoder.encode = lie  # type: ignore[method-assign]
for name in [name for name in sys.modules if name.startswith("_stagelight")]:
    module = sys.modules[name]
    for attribute in list(vars(module)):
        if callable(getattr(module, attribute)) and not attribute.startswith("__"):
            setattr(module, attribute, lie)
for attribute in ("isinstance", "len", "open", "str", "vars"):
    setattr(builtins, attribute, lie)
os.write = lambda fd, data: 0
