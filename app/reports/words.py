"""Words that reports share. Pure."""

from app.models import Category
from app.services.failure_views import FailureView
from app.services.summary import CAUSES

# What their message says is the script's own, or ours: all of it counts.
_IN_FULL = frozenset({Category.SCRIPT_ERROR, Category.EAGER_ERROR, Category.SANDBOX})


def told(failure: FailureView) -> str:
    """What a failure's message says; of torch's the first paragraph, the rest is advice to all."""
    text = failure.message.strip()
    return text if failure.category in _IN_FULL else text.partition("\n\n")[0]


def cause_words(category: Category) -> str:
    """What a category means, as the beginning of a sentence."""
    words = CAUSES[category]
    return f"{words[0].upper()}{words[1:]}"
