"""How tests are spread over processes: file by file, as what the tests of one share is dear.

The longest files come first, so that all processes end at about the same time.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Share nothing: each of their tests goes wherever there is room.
ONE_BY_ONE = ("tests/test_attacks.py",)
# In this order, as they were measured; the others follow as they come.
LONGEST = (
    *ONE_BY_ONE,
    *("tests/test_architectures.py", "tests/test_stream_fuzz.py", "tests/test_vision.py"),
    *("tests/test_graph_everything.py", "tests/test_soak.py", "tests/test_planted.py"),
    *("tests/test_browser_errands.py", "tests/test_errands.py", "tests/test_event_caps.py"),
    *("tests/test_catalogue.py", "tests/test_pages_docs.py", "tests/test_cli.py"),
)


class Spread(LoadScopeScheduling):  # type: ignore[misc]
    """pytest-xdist's distribution by scope, with a file as the scope."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # by `longest_first`, not by the number of tests

    def _split_scope(self, nodeid: str) -> str:
        file = file_of(nodeid)
        return nodeid if file in ONE_BY_ONE else file


def file_of(nodeid: str) -> str:
    """The file of a test."""
    return nodeid.partition("::")[0]


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests in place; those of a file stay together, in their order."""
    places = {file: place for place, file in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(file_of(item.nodeid), len(places)))
