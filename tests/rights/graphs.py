"""Rows of graphs and of comparisons."""

from tests.rights.row import READ, Row

RUNS, GRAPHS = "base=1&head=2", "base=1&head=2"

ROWS = (
    Row("GET", "/graphs/{graph_id}", READ),
    Row("GET", "/graphs/{graph_id}/_outline", READ),
    Row("GET", "/graphs/{graph_id}/_lines", READ),
    Row("GET", "/graphs/{graph_id}/_rows", READ),
    Row("GET", "/graphs/{graph_id}/_node", READ, query="node=relu"),
    Row("GET", "/graphs/{graph_id}/compare", READ, 303, query="with=2"),
    Row("GET", "/compare", READ, query=RUNS),
    Row("GET", "/compare/_result", READ, query=RUNS),
    Row("GET", "/api/graphs/compare", READ, query=GRAPHS),
    Row("GET", "/api/graphs/{graph_id}", READ),
    Row("GET", "/api/graphs/{graph_id}/boxes", READ),
    Row("GET", "/api/graphs/{graph_id}/find", READ, query="q=relu"),
    Row("GET", "/api/graphs/{graph_id}/export/{format}", READ),
    Row("GET", "/api/graphs/{graph_id}/pairs", READ),
    Row("GET", "/api/compare", READ, query=RUNS),
)
