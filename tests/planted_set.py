"""The planted faults: small models whose faults are marked at the lines that cause them.

A model is a file of tests/planted, or a folder there with a model.py and what it imports. Marks:

    x = x[x > 0].chunk(2)  # FAULT data_dependent_shape x12 in blocks.* @2 behind
    # FIX: x = x.clamp(min=0)

`x12` is how often it is met (once where left out, any number with `x?`), `in` the modules that it
is met in (glob patterns joined by `|`; `.` is the root), `@2` its place in execution order where
that is not the order of the files, `behind` that it is met only on a value or a way that an earlier
fault decides. The line below says what to write in its place; with all fixes in, the model exports.

In the script's docstring stand faults without a line (`FAULT unsupported_input`), and remarks that
begin with `SEALED` (only the sandbox makes it fail), `EAGER` or `SCRIPT` (no export is reached) and
`REPLAY` (it exports, and computes something else). A file without marks is clean.
"""

import ast
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

FOLDER = Path(__file__).parent / "planted"
ENTRY = "model.py"
REMARKS = ("SEALED", "EAGER", "SCRIPT", "REPLAY")

_FAULT = re.compile(
    r"(?:# |^)FAULT (?P<category>\w+)(?: x(?P<times>\d+|\?))?(?: in (?P<modules>\S+))?"
    r"(?: @(?P<place>\d+))?(?P<behind> behind)?$"
)
_FIX = re.compile(r"^ *# FIX: (?P<text>.+)$")


@dataclass(frozen=True)
class Fault:
    """One marked fault. `line` is 0 where it has none, `times` None where any number will do."""

    category: str
    file: str
    line: int
    text: str  # the line's code, without the mark
    fix: str
    times: int | None
    modules: tuple[str, ...]
    place: int
    behind: bool

    @property
    def at(self) -> tuple[str, int]:
        """Where it is."""
        return self.file, self.line

    def is_in(self, module: str | None) -> bool:
        """Whether it may be met in this module, by its path; always where the mark names none."""
        return not self.modules or any(fnmatchcase(module or ".", m) for m in self.modules)


@dataclass(frozen=True)
class Planted:
    """One upload with what is wrong with it."""

    name: str
    entry: str
    files: dict[str, str]
    faults: tuple[Fault, ...]  # in execution order
    remarks: frozenset[str]

    def fixed(self, faults: tuple[Fault, ...]) -> dict[str, str]:
        """The files with these faults put right; no line moves."""
        files = {name: text.splitlines(keepends=True) for name, text in self.files.items()}
        for fault in faults:
            lines = files[fault.file]
            old = lines[fault.line - 1]
            indent = old[: len(old) - len(old.lstrip())]
            lines[fault.line - 1] = f"{indent}{fault.fix}\n"
        return {name: "".join(lines) for name, lines in files.items()}


def planted() -> list[Planted]:
    """All of the set, by name."""
    found = []
    for path in sorted(FOLDER.iterdir()):
        if path.suffix == ".py":
            found.append(read(path.stem, path.name, {path.name: path.read_text()}))
        elif (path / ENTRY).is_file():
            files = {
                file.relative_to(path).as_posix(): file.read_text()
                for file in sorted(path.rglob("*.py"))
            }
            found.append(read(path.name, ENTRY, files))
    return found


def read(name: str, entry: str, files: dict[str, str]) -> Planted:
    """One upload and its marks.

    Raises:
        ValueError: a mark cannot be read, or a fault with a line has no fix.
    """
    faults = [fault for file, text in files.items() for fault in _faults_of(file, text)]
    order = sorted(range(len(faults)), key=lambda index: faults[index].place or index + 1)
    if len({faults[index].place or index + 1 for index in order}) != len(faults):
        raise ValueError(f"{name}: two faults have the same place")
    docstring = ast.get_docstring(ast.parse(files[entry])) or ""
    remarks = {word for word in REMARKS if re.search(rf"^{word}\b", docstring, re.MULTILINE)}
    return Planted(name, entry, files, tuple(faults[i] for i in order), frozenset(remarks))


def _faults_of(file: str, text: str) -> list[Fault]:
    lines = text.splitlines()
    return [
        _fault(file, number, line, lines[number] if number < len(lines) else "")
        for number, line in enumerate(lines, 1)
        if re.search(r"(# |^)FAULT\b", line)
    ]


def _fault(file: str, number: int, line: str, below: str) -> Fault:
    mark, fix = _FAULT.search(line), _FIX.match(below)
    if mark is None or (line.startswith("FAULT") == bool(fix)):
        raise ValueError(f"{file}:{number}: not a mark with its fix: {line.strip()}")
    times = mark["times"] or "1"
    return Fault(
        category=mark["category"],
        file=file,
        line=number if fix else 0,
        text=line[: mark.start()].strip(),
        fix=fix["text"] if fix else "",
        times=None if times == "?" else int(times),
        modules=tuple(filter(None, (mark["modules"] or "").split("|"))),
        place=int(mark["place"] or 0),
        behind=bool(mark["behind"]),
    )
