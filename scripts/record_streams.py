"""Records what the real probe says, for tests/test_streams.py and tests/test_stream_fuzz.py.

`python -m scripts.record_streams` runs both kinds of probe on each example and on three small
scripts, and writes tests/streams/CASE.KIND.jsonl.gz. Name cases to record only those; --out writes
elsewhere. The same events give the same bytes; times, memory and the torch release do change.
Takes about a minute.
"""

import argparse
import gzip
import re
import sys
from pathlib import Path

from app.settings import ROOT
from tests.probe_support import SHARED, read_both, started
from workers.events import PAIR, ProbeKind

STREAMS = ROOT / "tests" / "streams"
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))

SMALL = {
    "script_error": "import torch\n\nmodel = torch.nn.Linear(4, 4)\nraise KeyError('weights')\n",
    "eager_error": """
import torch

model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(5, 5))
inputs = (torch.rand(2, 4),)
""",
    "strict": """
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU())
        self.head = torch.nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.backbone(x))


batch = torch.export.Dim("batch", min=2, max=64)
torch.export.export(Net(), (torch.rand(3, 4),), dynamic_shapes=({0: batch},), strict=True)
""",
}
CASES = [*EXAMPLES, *SMALL]


def source_of(case: str) -> str:
    """The script of a case."""
    return SMALL.get(case) or (ROOT / "examples" / f"{case}.py").read_text()


def listen(case: str, kind: ProbeKind) -> bytes:
    """All that one probe says of a case. The machine's kernel is nobody's business."""
    with started(source_of(case), kind) as process:
        stream, _ = read_both(process)
        process.reap()
    return re.sub(rb'"platform":"[^"]*"', b'"platform":"Linux"', stream)


def record(case: str, out: Path) -> None:
    """Write both streams of a case."""
    for kind in PAIR:
        stream = listen(case, kind)
        path = out / f"{case}.{kind}.jsonl.gz"
        path.write_bytes(gzip.compress(stream, mtime=0))
        sys.stdout.write(f"{path.name}: {len(stream):,} bytes, {path.stat().st_size:,} stored\n")


def main() -> None:
    """Record the cases that the command line names."""
    parser = argparse.ArgumentParser(description="Record the probe's event streams anew.")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="; ".join(CASES))
    parser.add_argument("--out", type=Path, default=STREAMS)
    options = parser.parse_args()
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"no case is named {', '.join(sorted(unknown))}; choose from {CASES}")
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        for case in options.cases or CASES:
            record(case, options.out)
    finally:
        SHARED.close()


if __name__ == "__main__":
    main()
