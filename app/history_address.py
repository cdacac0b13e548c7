"""The address of what is seen of the history: its filters and its page are in the query."""

from urllib.parse import parse_qs

from pydantic import ConfigDict, Field

from app.services.history_filters import FilterError, Filters, FilterWords

FIELDS = 60  # of a query string that a form holds


class HistoryAddress(FilterWords):
    """The query of the history's page. What is empty is left out of links."""

    before: str = ""  # the cursor: runs with ids below it
    deleted: str = ""  # the run that was deleted right now: undo is offered
    state: str = ""  # of the runs when the list was read that asks whether there is anything new

    @classmethod
    def of(cls, query: str) -> "HistoryAddress":
        """The address of a query string, from a form or a saved filter."""
        try:
            given = parse_qs(query, max_num_fields=FIELDS)
        except ValueError:
            raise FilterError(
                f"The filter has more than {FIELDS} parts.", "Leave some of them out."
            ) from None
        single = {name: values[-1] for name, values in given.items() if name != "tag"}
        return cls.model_validate({**single, "tag": tuple(given.get("tag", ()))})

    def read(self) -> Filters:
        """What it means; FilterError says which part of it means nothing."""
        return self.filters(self.before)

    def link(self, path: str = "/", **changes: object) -> str:
        """The address with some fields changed, at its first page unless `before` is given."""
        query = self.text(**changes)
        return f"{path}?{query}" if query else path

    @property
    def here(self) -> str:
        """The query string of this very page."""
        return self.text(before=self.before)


class RunsQuery(FilterWords):
    """The query of the history's JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cursor: str = Field("", description="`next` of the page before.")
    limit: int = Field(30, ge=1, le=100)
