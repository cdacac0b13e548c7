"""A second form of each proposal for a model that also keeps tensors on itself in forward.

torch.export does not refuse such a model, it forgets the tensors. So the last remedy that it needs
to export at all is one with which its program differs on a second call, unless that is mended too.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import libcst as cst
import libcst.matchers as m

from workers.remedies.model import Edit, Upload
from workers.remedies.state import keep_in_buffer, value_given
from workers.remedies.syntax import Source, parse

_ASSIGNED = re.compile(r"^ +self\.(\w+)(?: ?:[^=\n]+)? = ", re.MULTILINE)


def with_state(edits: Iterable[Edit], upload: Upload) -> Iterator[Edit]:
    """Each edit, and the edit with the model's state in buffers where it has any."""
    for edit in edits:
        yield edit
        files = {**upload.files, **edit.files}
        changed, names = _kept(files, upload)
        if changed:
            note = f"{edit.note} {', '.join(names)} is a buffer, which the program keeps."
            yield Edit({**edit.files, **changed}, edit.options, note.strip())


def _kept(files: dict[str, str], upload: Upload) -> tuple[dict[str, str], list[str]]:
    """The files with all state in buffers, those that change alone, and its names."""
    changed: dict[str, str] = {}
    names: list[str] = []
    now = replace(upload, files=files)
    for path in files:
        for owner, name in _states(files[path]):
            text = keep_in_buffer(changed.get(path, files[path]), owner, name, now)
            if text is not None:
                changed[path] = text
                names.append(name)
    return changed, names


def _states(text: str) -> Iterator[tuple[str, str]]:
    """Classes and attributes that a method other than __init__ assigns, and __init__ too."""
    given = Counter(_ASSIGNED.findall(text))
    source = parse(text) if any(times > 1 for times in given.values()) else None
    for owner in m.findall(source.module, m.ClassDef()) if source else ():
        assert source is not None
        assert isinstance(owner, cst.ClassDef)
        first, later = _assigned(source, owner)
        yield from ((owner.name.value, name) for name in later if name in first)


def _assigned(source: Source, owner: cst.ClassDef) -> tuple[set[str], list[str]]:
    """What __init__ assigns to self, and what other methods do."""
    first: set[str] = set()
    later: dict[str, None] = {}
    own = m.Attribute(value=m.Name("self"), attr=m.Name())
    for node in m.findall(owner, m.SimpleStatementLine()):
        function = source.function(node)
        if not isinstance(node, cst.SimpleStatementLine) or function is None:
            continue
        for target in m.findall(node, m.AssignTarget(target=own) | m.AnnAssign(target=own)):
            assert isinstance(target, cst.AssignTarget | cst.AnnAssign)
            name = source.code(target.target).removeprefix("self.")
            value = value_given(node, name)
            if function.name.value != "__init__":
                later[name] = None
            elif value is not None and source.code(value).startswith(("None", "torch.")):
                first.add(name)
    return first, list(later)
