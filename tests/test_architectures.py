"""transformers models from small configs: Stagelight says of each what plain torch.export says."""

import ast
from functools import cache
from pathlib import Path

import pytest

from bench.agreement import ARCHITECTURES, Truth, tell_truth
from tests.coverage_support import answer_of, check

SCRIPTS = sorted(ARCHITECTURES.glob("*.py"))
# One that exports, a branch on data, a return that is no pytree.
HANDFUL = {"vit", "videomae_pretraining", "gpt2"}
# What plain export refuses: only there is a line to compare.
REFUSED = {
    *("bart", "deepseek_v3", "encodec", "falcon_mamba", "fastspeech2_conformer", "gpt2"),
    *("led", "llama", "llava", "longformer", "longt5", "mamba", "mask2former_training"),
    *("mixtral", "mixtral_eager_experts", "reformer", "superglue", "switch_transformers"),
    *("t5", "videomae_pretraining", "whisper"),
}
# Of those that export every third one: ten seconds each. `make coverage-table` has them all.
CHOSEN = [
    script
    for place, script in enumerate(SCRIPTS)
    if script.stem in HANDFUL | REFUSED or place % 3 == 0
]
LOTS = 2  # of the long suite: the truth of a lot is told by one Python, which forks for each


def lot_of(script: Path) -> str:
    """What is asked about together."""
    place = CHOSEN.index(script) % LOTS
    return "handful" if script.stem in HANDFUL else f"architectures {place}"


def marks(script: Path) -> list[pytest.MarkDecorator]:
    """In which suite it is."""
    return [] if script.stem in HANDFUL else [pytest.mark.full]


@cache
def told(lot: str) -> dict[str, Truth]:
    """The truth of each script of a lot, by the file's name."""
    scripts = [script for script in CHOSEN if lot_of(script) == lot]
    return {truth.script: truth for truth in tell_truth(scripts)}


def test_there_are_enough_of_them() -> None:
    assert len(CHOSEN) >= 40
    assert {script.stem for script in SCRIPTS} >= HANDFUL


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_its_first_line_says_what_it_is(script: Path) -> None:
    text = ast.get_docstring(ast.parse(script.read_text())) or ""
    assert text.startswith("A small ")
    assert " with random weights: " in text


@pytest.mark.timeout(900)  # the first of a lot waits for the truth of all
@pytest.mark.parametrize(
    "script", [pytest.param(script, id=script.stem, marks=marks(script)) for script in CHOSEN]
)
def test_an_architecture(script: Path, tmp_path: Path) -> None:
    truth = told(lot_of(script))[script.name]
    check(truth, answer_of(tmp_path, script.name, script.read_text()))
