"""The address of what is seen of a graph: everything that a page shows of it is in the query."""

from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.graphs.table import Query

View = Literal["outline", "code", "table", "graph"]
Text = Annotated[str, Field(max_length=2_500)]  # a name has at most 400 characters, a target 2,000
Number = Annotated[int, Field(ge=0, le=2**31)]


class Address(BaseModel):
    """The query of a graph's page. What is empty or as it is by default is left out of links."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    base: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    stage: Text = ""  # that the graph is seen from: run.n
    view: View = "outline"
    module: Text = ""  # path, or path@call
    node: Text = ""  # name, or body:name
    of: Literal["", "base"] = ""  # whose node: a removed one is the base's
    line: Text = ""  # file:line
    q: Text = ""
    op: Text = ""
    dtype: Text = ""
    shape: Text = ""
    status: Literal["", "same", "changed", "added", "removed", "moved"] = ""
    sort: Text = ""
    changes: bool = False
    side: bool = False
    first: Annotated[Number, Field(alias="from")] = 0  # where the page of a long view begins

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        """A form sends every field."""
        return {key: value for key, value in data.items() if value not in ("", None)}

    @property
    def query(self) -> Query:
        """What is asked of the table."""
        return Query(
            text=self.q,
            op=self.op,
            dtype=self.dtype,
            shape=self.shape,
            module=self.module,
            line=self.line,
            status=self.status,
            changes=self.changes,
            sort=self.sort,
        )

    def text(self, **changes: object) -> str:
        """The query string, with some fields changed; empty or `?…`."""
        fields = type(self).model_fields
        given = {name: getattr(self, name) for name in fields} | changes
        pairs = [
            (fields[name].alias or name, "1" if value is True else value)
            for name, value in given.items()
            if value not in ("", None, False, fields[name].default)
        ]
        # A lone surrogate may be in a document's names, and nothing finds it again.
        return f"?{urlencode(pairs, errors='replace')}" if pairs else ""


class Links:
    """Addresses of one graph's page that keep what is seen."""

    def __init__(self, graph_id: int, address: Address) -> None:
        self.graph_id = graph_id
        self.path = f"/graphs/{graph_id}"
        self.address = address
        self._node = address.text(node="", of="", first=0) or "?"

    def to(self, part: str = "", **changes: object) -> str:
        """The page with some fields changed, or one of its parts."""
        return f"{self.path}{part}{self.address.text(**changes)}"

    def node(self, name: str, *, base: bool = False) -> str:
        """The page with this node opened. Pages have thousands of these."""
        joint = "" if self._node.endswith("?") else "&"
        of = "&of=base" if base else ""
        return f"{self.path}{self._node}{joint}node={quote(name, errors='replace', safe='')}{of}"
