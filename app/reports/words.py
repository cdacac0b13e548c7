"""Words that reports share. Pure."""

from app.models import Category
from app.services.failure_views import FailureView

# What their message says is the script's own, or ours: all of it counts.
_IN_FULL = frozenset({Category.SCRIPT_ERROR, Category.EAGER_ERROR, Category.SANDBOX})


def told(failure: FailureView) -> str:
    """What a failure's message says; of torch's the first paragraph, the rest is advice to all."""
    text = failure.message.strip()
    return text if failure.category in _IN_FULL else text.partition("\n\n")[0]
