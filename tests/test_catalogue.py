"""torch's own catalogue of export cases: Stagelight says of each what plain torch.export says."""

from pathlib import Path

import pytest

from bench.agreement import Truth, tell_truth
from bench.catalogue import catalogue
from tests.coverage_support import answer_of, check

CASES = catalogue()
MODES = [False, pytest.param(True, marks=pytest.mark.full)]
Truths = dict[str, Truth]


@pytest.fixture(scope="module", params=MODES, ids=lambda strict: "strict" if strict else "lenient")
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Truths:
    """The truth of every case in one of export's modes."""
    folder = tmp_path_factory.mktemp("catalogue")
    paths = [folder / f"{name}.py" for name in CASES]
    for path in paths:
        path.write_text(CASES[path.stem])
    return {Path(truth.script).stem: truth for truth in tell_truth(paths, request.param)}


def test_the_catalogue_is_there() -> None:
    assert len(CASES) >= 36


@pytest.mark.parametrize("name", CASES)
def test_a_case(told: Truths, name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    strict = request.node.callspec.params["told"]
    check(told[name], answer_of(tmp_path, f"{name}.py", CASES[name], strict))
