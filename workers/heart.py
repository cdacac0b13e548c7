"""The heartbeat of a run in hand: a thread that renews its lease while the run is driven."""

import logging
import threading
from types import TracebackType

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.db import brief
from app.services.queue import Beat, Claim, heartbeat
from workers.stopwatch import Stopwatch

LONGEST_SECONDS = 1.0  # between beats: how soon a cancel is heard

log = logging.getLogger(__name__)


class Heart:
    """Beats from entering to leaving, and tells what `watch` counted. `cancelled` and `lost` say
    what it learnt.
    """

    def __init__(
        self, engine: Engine, claim: Claim, lease_seconds: float, watch: Stopwatch
    ) -> None:
        self.cancelled = False
        self.lost = False
        self._engine = engine
        self._claim = claim
        self._lease_seconds = lease_seconds
        self._watch = watch
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heart", daemon=True)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._end.wait(min(LONGEST_SECONDS, self._lease_seconds / 3)):
            worked = self._watch.take()
            try:
                beat = heartbeat(self._engine, self._claim, self._lease_seconds, worked)
            except SQLAlchemyError as error:  # it may be back before the lease is over
                self._watch.put_back(worked)
                log.warning("run %d: heartbeat failed: %s", self._claim.run_id, brief(error))
                continue
            self.cancelled = beat is Beat.CANCEL
            if beat is Beat.LOST:
                self.lost = True
                return
