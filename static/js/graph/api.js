// What the server knows of the picture.

/** An answer's JSON, or an error with the server's own words. */
async function get(path, query) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query)) {
    if (value !== "" && value !== null && value !== undefined && value !== false) {
      url.searchParams.set(name, value);
    }
  }
  if (query.open !== undefined && query.open !== null) url.searchParams.set("open", query.open);
  const answer = await fetch(url);
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(body?.error?.message ?? `The server answered ${answer.status}.`);
  return body;
}

/** Boxes and edges; see GET /api/graphs/{id}/boxes. */
export function fetchBoxes(graph, base, { open, close, node, of, module, reveal }) {
  const opened = open === null ? null : open.join(",");
  return get(`/api/graphs/${graph}/boxes`, { base, open: opened, close, node, of, module, reveal });
}

/** Nodes and modules that match. */
export function fetchMatches(graph, base, q) {
  return get(`/api/graphs/${graph}/find`, { base, q });
}
