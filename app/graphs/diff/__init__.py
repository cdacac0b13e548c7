"""The structural diff of two graphs. Pure: no database, no files, no torch.

`diff` aligns the nodes of two documents by what they are and says what changed; `apply` makes the
head out of the base and the diff; `mirrored` turns a diff around. See docs/graph-diff.md.
"""

from app.graphs.diff.application import apply
from app.graphs.diff.difference import diff
from app.graphs.diff.mirror import mirrored

__all__ = ["apply", "diff", "mirrored"]
