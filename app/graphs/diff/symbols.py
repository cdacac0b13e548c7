"""Symbolic expressions as text: their shape without names, and which symbol is which.

`s0*s1` and `s77*s5` have the same skeleton, `$*$`. Which symbol of the base is which of the head
is put to the vote of all places where both stand.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from app.graphs.document import GraphDocument

ALONE = 8  # votes of a symbol that is all of an expression; in a product, order may deceive
MEANING = 1_000  # votes of a symbol that means the same dimension of the inputs

# Possessive, and at the start of a word alone: a long name of a function takes linear time.
_NAME = re.compile(r"\b[^\W\d]\w*+(?!\s*+\()")
_PARSED = re.compile(r"(?!.*\d[^\W\d])[\w .+\-*/%(),<>=!&|~^]*+", re.ASCII)
_WORDS = {"True", "False", "None", "and", "or", "not", "in", "is", "if", "else", "lambda"}
_NUMBERS = {"oo", "inf", "nan", "int_oo"}
_LONG = 400  # characters of an expression that is parsed


def names_in(text: str) -> list[str]:
    """The symbols of an expression, in order; functions that are called are none."""
    if text.isidentifier():
        return [] if text in _NUMBERS or text in _WORDS else [text]
    found = _NAME.findall(text)
    return [name for name in found if name not in _NUMBERS and name not in _WORDS]


@lru_cache(maxsize=1 << 12)
def skeleton(text: str) -> str:
    """The expression with `$` for every symbol."""
    if text.isidentifier():
        return text if text in _NUMBERS or text in _WORDS else "$"
    return _NAME.sub(_erased, text)


def loose_skeleton(text: str) -> str:
    """As `skeleton`, whatever order torch printed sums and products in."""
    return "".join(sorted(skeleton(text))) if len(text) > 2 else skeleton(text)


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The expression with its symbols renamed at once."""
    if (whole := names.get(text)) is not None:
        return whole
    return _NAME.sub(lambda match: names.get(match[0], match[0]), text)


def same_expression(base: str, head: str, names: Mapping[str, str]) -> bool:
    """Whether both say the same, in whatever order sums and products are printed."""
    ours = renamed(base, names)
    if ours == head:
        return True
    return loose_skeleton(ours) == loose_skeleton(head) and normal(ours) == normal(head)


@lru_cache(maxsize=1 << 12)
def normal(text: str) -> str:
    """The expression with the parts of sums and products sorted; as it is where it has no such."""
    if len(text) > _LONG or not _PARSED.fullmatch(text):
        return text
    try:
        return _sorted(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text


def _sorted(tree: ast.expr) -> str:
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Mult):
        parts = sorted(map(_sorted, _flattened(tree, type(tree.op))))
        return f"({type(tree.op).__name__} {' '.join(parts)})"
    if isinstance(tree, ast.BinOp):
        return f"({type(tree.op).__name__} {_sorted(tree.left)} {_sorted(tree.right)})"
    if isinstance(tree, ast.Call):
        parts = list(map(_sorted, tree.args))
        name = ast.unparse(tree.func)
        return f"({name} {' '.join(sorted(parts) if name in ('Max', 'Min', 'Eq') else parts)})"
    return ast.unparse(tree)


def _flattened(tree: ast.expr, kind: type[ast.operator]) -> list[ast.expr]:
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, kind):
        return [*_flattened(tree.left, kind), *_flattened(tree.right, kind)]
    return [tree]


def _erased(match: re.Match[str]) -> str:
    return match[0] if match[0] in _NUMBERS or match[0] in _WORDS else "$"


def elect(votes: Mapping[tuple[str, str], int]) -> dict[str, str]:
    """A one-to-one map that follows the most votes; among equals, what keeps its name."""
    ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0][0] != item[0][1]))
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    for (base, head), _ in ranked:
        if base not in chosen and head not in taken:
            chosen[base] = head
            taken.add(head)
    return chosen


def match_symbols(
    base: GraphDocument, head: GraphDocument, texts: Iterable[tuple[tuple[str, str], int]]
) -> dict[str, str]:
    """Which symbol of the base is which of the head.

    `texts` are pairs of expressions that stand at the same place, and how often they do.
    """
    votes: Counter[tuple[str, str]] = Counter()
    for (ours, theirs), number in texts:
        if skeleton(ours) == skeleton(theirs):
            for pair in zip(names_in(ours), names_in(theirs), strict=True):
                votes[pair] += number * (ALONE if pair == (ours, theirs) else 1)
    for pair in _same_meaning(base, head):
        votes[pair] += MEANING
    chosen = elect(votes)
    for by_name in (True, False):
        _complete(chosen, base, head, by_name=by_name)
    return chosen


def _complete(
    chosen: dict[str, str], base: GraphDocument, head: GraphDocument, *, by_name: bool
) -> None:
    """Symbols that stand at no place that both graphs have: by name, then by range."""
    taken = set(chosen.values())
    left: dict[object, list[str]] = {}
    for symbol in reversed(head.symbols):
        if symbol.name not in taken:
            key = symbol.name if by_name else (symbol.lower, symbol.upper)
            left.setdefault(key, []).append(symbol.name)
    for symbol in base.symbols:
        key = symbol.name if by_name else (symbol.lower, symbol.upper)
        if symbol.name not in chosen and left.get(key):
            chosen[symbol.name] = left[key].pop()


def _same_meaning(base: GraphDocument, head: GraphDocument) -> list[tuple[str, str]]:
    ours = _by_meaning(base)
    theirs = _by_meaning(head)
    return [(name, theirs[meaning]) for meaning, name in ours.items() if meaning in theirs]


def _by_meaning(document: GraphDocument) -> dict[str, str]:
    often = Counter(symbol.meaning for symbol in document.symbols)
    return {
        symbol.meaning: symbol.name
        for symbol in document.symbols
        if symbol.meaning and often[symbol.meaning] == 1
    }
