// What is known of the box that is selected: a node's panel as the server makes it, or in short
// what a module is.

/** Fills the page's panel. `chosen` is told of a node that a link in it names. */
export class Panel {
  constructor(graph, chosen) {
    this.place = document.querySelector("#node");
    this.graph = graph;
    this.turn = 0;
    this.place?.addEventListener(
      "click",
      (event) => {
        const link = event.target.closest("a[data-node]");
        if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        event.stopPropagation();
        const query = new URL(link.href).searchParams;
        chosen({ node: query.get("node") ?? "", of: query.get("of") ?? "" });
      },
      true,
    );
  }

  /** Show a box; null clears the panel. */
  async show(box) {
    if (!this.place) return;
    const turn = ++this.turn;
    if (!box?.node) {
      this.place.replaceChildren(...(box ? [summary(box)] : []));
      return;
    }
    const url = new URL(`/graphs/${this.graph}/_node`, location.origin);
    const query = new URLSearchParams(location.search);
    query.delete("open");
    query.delete("zoom");
    query.delete("module");
    query.set("view", "graph");
    query.set("node", box.node);
    if (box.of) query.set("of", box.of);
    else query.delete("of");
    url.search = query;
    const answer = await fetch(url);
    if (!answer.ok) return location.assign(url.href.replace("/_node?", "?"));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (turn === this.turn) this.place.replaceChildren(...page.body.childNodes);
  }
}

function summary(box) {
  const section = document.createElement("section");
  const title = document.createElement("h2");
  const list = document.createElement("dl");
  section.className = "panel";
  list.className = "rows";
  title.textContent = box.title;
  const counts = Object.entries(box.counts).map(([kind, number]) => `${number} ${kind}`);
  const rows = [
    ["Is", box.detail],
    ["Module", box.module],
    ["Operations in it", box.operations],
    ["Parameters, buffers, constants", box.hidden],
    ["Diff", counts.join(", ")],
  ];
  for (const [name, value] of rows) {
    if (!value) continue;
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const text = document.createElement("dd");
    term.textContent = name;
    text.textContent = value;
    row.append(term, text);
    list.append(row);
  }
  section.append(title, list);
  return section;
}
