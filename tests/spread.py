"""How tests are spread over processes: file by file, as what the tests of one share is dear.

The longest files come first, so that all processes end at about the same time.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# In this order, as they were measured; the others follow as they come. Attacks are one file and so
# in one process: they wait for limits, while the other has work for more than its core.
LONGEST = (
    *("tests/test_attacks.py", "tests/test_architectures.py", "tests/test_stream_fuzz.py"),
    *("tests/test_vision.py", "tests/test_graph_everything.py", "tests/test_soak.py"),
    *("tests/test_planted.py", "tests/test_browser_errands.py", "tests/test_errands.py"),
    *("tests/test_event_caps.py", "tests/test_catalogue.py", "tests/test_pages_docs.py"),
    *("tests/test_cli.py", "tests/test_cli_run.py", "tests/test_browser_team.py"),
)


class Spread(LoadFileScheduling):  # type: ignore[misc]
    """pytest-xdist's distribution by file, in the order of the tests."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # by the number of a file's tests


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests in place; those of a file stay together, in their order."""
    places = {file: place for place, file in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))
