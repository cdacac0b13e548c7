"""How the graph tab does with 10,000 nodes: a real server, a real Chromium.

Prints what a person waits for, what the JavaScript heap grows to and the longest task, each with
its budget; ends with 1 where one is missed. Times are from the navigation or the click until the
picture is drawn. At the first the server has not read the graph yet, nor the browser the scripts.

    python -m bench.graph_page [--nodes 10000] [--expands 12]
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Page, sync_playwright
from sqlmodel import Session

from app.db import make_engine, session_scope
from app.main import create_app
from app.services.migrate import migrate
from app.settings import Settings
from bench.graph_model import layered_graph
from tests.conftest import CHROMIUM_FLAGS, CHROMIUM_NAMES
from workers.rows import graph_row

USABLE_SECONDS = 2.0
EXPAND_SECONDS = 0.5
HEAP_MB = 100.0
LONG_TASK_MS = 200.0
WAIT_SECONDS = 30

WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.longTasks.push(one.duration);
}).observe({ type: "longtask", buffered: true });
"""


@dataclass(frozen=True)
class Figure:
    """A figure with its budget."""

    name: str
    value: float
    budget: float
    unit: str

    def __str__(self) -> str:
        verdict = "ok" if self.value <= self.budget else "OVER"
        return f"{self.name:44} {self.value:8.2f} {self.unit:3} of {self.budget:g}  {verdict}"


@contextmanager
def server(nodes: int) -> Iterator[tuple[str, int]]:
    """A server with one large graph; its address and the graph's id."""
    with tempfile.TemporaryDirectory(prefix="stagelight-") as folder:
        settings = Settings(data=Path(folder), runtimes={"default": Path(sys.executable)})
        migrate(settings.url)
        engine = make_engine(settings.url)
        with session_scope(engine) as session:
            graph = _store(session, nodes)
        running = uvicorn.Server(
            uvicorn.Config(create_app(settings), port=0, log_config=None, access_log=False)
        )
        thread = threading.Thread(target=running.run)
        thread.start()
        while not running.started:
            time.sleep(0.02)
        port = running.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}", graph
        finally:
            running.should_exit = True
            thread.join()
            engine.dispose()


def _store(session: Session, nodes: int) -> int:
    """As the worker stores it."""
    graph = graph_row(layered_graph(nodes), "")
    session.add(graph)
    session.flush()
    assert graph.id is not None
    return graph.id


def ready(page: Page) -> None:
    """Wait until the first picture is drawn."""
    page.locator("[data-graph-picture][data-ready]").wait_for(timeout=WAIT_SECONDS * 1000)


def open_page(page: Page, address: str) -> float:
    """Seconds until the picture can be used."""
    start = time.perf_counter()
    page.goto(address)
    ready(page)
    return time.perf_counter() - start


def expand(page: Page, number: int) -> float | None:
    """Seconds to open the closed box with this number; None where there is none."""
    closed = page.locator("[data-key][aria-expanded=false]")
    if closed.count() <= number:
        return None
    key = closed.nth(number).get_attribute("data-key")
    # Timed in the page: asking from here again and again would slow it down.
    seconds: float = page.evaluate(
        """async (key) => {
          const start = performance.now();
          const at = () => document.querySelector(`[data-key="${CSS.escape(key)}"]`);
          at().dispatchEvent(new MouseEvent("click", { bubbles: true }));
          const opened = () => !at() || at().getAttribute("aria-expanded") === "true";
          while (!opened() || document.querySelector("[data-graph-picture][aria-busy]")) {
            if (performance.now() - start > 20_000) throw new Error("it did not open");
            await new Promise(requestAnimationFrame);
          }
          return (performance.now() - start) / 1000;
        }""",
        key,
    )
    return seconds


def heap_mb(page: Page) -> float:
    """What the JavaScript of the page and of its workers holds, after a collection."""
    client = page.context.new_cdp_session(page)
    workers: list[str] = []
    answers: list[dict[str, Any]] = []
    client.on("Target.attachedToTarget", lambda event: workers.append(event["sessionId"]))
    client.on(
        "Target.receivedMessageFromTarget",
        lambda event: answers.append(json.loads(event["message"])),
    )
    watched = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False}
    client.send("Target.setAutoAttach", watched)
    client.send("HeapProfiler.collectGarbage")
    used = float(client.send("Runtime.getHeapUsage")["usedSize"])
    assert len(workers) == len(page.workers) > 0
    for session in workers:
        for number, method in enumerate(("HeapProfiler.collectGarbage", "Runtime.getHeapUsage")):
            message = json.dumps({"id": number, "method": method})
            client.send("Target.sendMessageToTarget", {"sessionId": session, "message": message})
    while sum(answer.get("id") == 1 for answer in answers) < len(workers):
        page.wait_for_timeout(20)
    used += sum(answer["result"]["usedSize"] for answer in answers if answer.get("id") == 1)
    return float(used / 2**20)


def measure(page: Page, address: str, expands: int) -> list[Figure]:
    """All figures of one page."""
    page.add_init_script(WATCH)
    page.goto(address.partition("/graphs")[0])  # where a person comes from
    cold = open_page(page, address)
    warm = open_page(page, address)
    opened = [one for number in range(expands) if (one := expand(page, number)) is not None]
    assert opened, "nothing to open"
    tasks: list[float] = page.evaluate("window.longTasks")
    return [
        Figure("usable, coming from the start page", cold, USABLE_SECONDS, "s"),
        Figure("usable again", warm, USABLE_SECONDS, "s"),
        Figure(f"opening a box, slowest of {len(opened)}", max(opened), EXPAND_SECONDS, "s"),
        Figure("opening a box, mean", sum(opened) / len(opened), EXPAND_SECONDS, "s"),
        Figure("JavaScript heap, page and worker", heap_mb(page), HEAP_MB, "MB"),
        Figure("longest task on the page's thread", max(tasks, default=0), LONG_TASK_MS, "ms"),
    ]


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--expands", type=int, default=12)
    options = parser.parse_args()
    names = filter(None, map(shutil.which, CHROMIUM_NAMES))
    chromium = os.environ.get("STAGELIGHT_CHROMIUM") or next(names)
    with server(options.nodes) as (url, graph), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        figures = measure(page, f"{url}/graphs/{graph}?view=graph", options.expands)
        browser.close()
    for figure in figures:
        print(figure)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(any(figure.value > figure.budget for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
