// The graph tab: boxes of modules that open in place, one picture or two side by side.
import { readAddress, writeAddress } from "./address.js";
import { fetchBoxes } from "./api.js";
import { download, svgText } from "./download.js";
import { draw, svg } from "./draw.js";
import { Find } from "./find.js";
import { listenToKeys, neighbour } from "./keys.js";
import { Layouter } from "./layout.js";
import { Panel } from "./panel.js";
import { View } from "./view.js";

class Picture {
  constructor(root) {
    const { graph, base, worker, partial, culprit } = root.dataset;
    this.root = root;
    this.graph = graph;
    this.base = base || null;
    this.stopText = partial === undefined ? null : `Export stops here${culprit ? `: ${culprit}` : ""}`;
    this.state = readAddress();
    this.state.side &&= this.base !== null;
    this.layouter = new Layouter(worker);
    this.frames = [...root.querySelectorAll("[data-frame]")];
    for (const frame of this.frames) {
      frame.append(svg("g"));
      listenToKeys(frame, this);
      frame.addEventListener("click", (event) => this.#clicked(event));
    }
    this.view = new View(this.frames, (at) => this.#keep({ zoom: at }));
    this.find = new Find(root, graph, this.base, (match) => this.go(match));
    this.panel = new Panel(graph, (one) => this.goTo(one));
    this.turn = 0; // of what was asked for last; what comes later is left
    this.#buttons();
    this.#arrange();
  }

  get selected() {
    return this.chosen ?? null;
  }

  /** The picture that the address describes. */
  async start() {
    const { open, node, of, module, zoom } = this.state;
    const reveal = open === null && (node !== "" || this.stopText !== null);
    await this.show({ open, node, of, module, reveal });
    if (!this.laid) return;
    if (zoom) this.view.set(zoom);
    else this.fit();
    const shown = this.box(this.selected) ?? (this.stopText === null ? null : this.box(this.last));
    if (!zoom && shown) this.view.reveal(shown);
    this.root.dataset.ready = "";
  }

  /** Ask for boxes, place and draw them. What `anchor` names stays where it is on the screen. */
  async show({ open, close, node = "", of = "", module = "", reveal = false, anchor = null }) {
    const turn = ++this.turn;
    this.root.setAttribute("aria-busy", "true");
    try {
      const asked = { open, close, node, of, module, reveal };
      const picture = await fetchBoxes(this.graph, this.base, asked);
      if (turn !== this.turn) return;
      const laid = await this.layouter.layout(picture, this.stopText);
      if (turn !== this.turn) return;
      const before = anchor && this.box(anchor);
      this.laid = laid;
      this.last = picture.last;
      this.#draw();
      const after = before && this.box(anchor);
      if (after) {
        const { k } = this.view.at;
        this.view.pan((before.x - after.x) * k, (before.y - after.y) * k);
      }
      this.#keep({ open: picture.open });
      this.#say(picture);
      if (node || module) this.select(picture.selected);
      else this.select(this.box(this.selected) ? this.selected : null);
    } catch (error) {
      if (turn === this.turn) this.status.textContent = error.message;
    } finally {
      if (turn === this.turn) this.root.removeAttribute("aria-busy");
    }
  }

  box(key) {
    return this.laid?.boxes.find((box) => box.key === key) ?? null;
  }

  fit() {
    if (this.laid) this.view.fit(this.laid);
  }

  /** Open what is closed, close what is open. */
  async toggle(key) {
    const box = this.box(key);
    if (!box?.opens) return;
    const { open } = this.state;
    if (box.open) await this.show({ open, close: key, anchor: key });
    else await this.show({ open: [...open, key], anchor: key });
    if (box.kind === "fold") return;
    this.focus(key);
  }

  /** Select a box; null selects none. */
  select(key, { reveal = false, focus = reveal } = {}) {
    const box = this.box(key);
    this.chosen = box ? key : null;
    for (const shown of this.shown ?? []) {
      for (const [one, element] of shown) element.classList.toggle("selected", one === this.chosen);
    }
    for (const edge of this.root.querySelectorAll(".edge")) {
      const { source, target } = edge.dataset;
      edge.classList.toggle("lit", key !== null && (source === key || target === key));
    }
    this.panel.show(box);
    this.#keep({
      node: box?.node ?? "",
      of: box?.of ?? "",
      module: box && !box.node ? box.module : "",
    });
    if (box && reveal) this.view.reveal(box);
    if (box && focus) this.focus(key);
  }

  focus(key) {
    const drawn = (this.shown ?? []).map((shown) => shown.get(key)).filter(Boolean);
    const at = this.frames.findIndex((frame) => frame.contains(document.activeElement));
    (drawn[at] ?? drawn[0])?.focus({ preventScroll: true });
  }

  /** Go along an edge, or to the side. */
  walk(arrow) {
    const key = neighbour(this.laid, this.selected, arrow);
    if (key !== null) this.select(key, { reveal: true });
  }

  /** Open the way to a match of the search and select it. */
  async go({ key, open }) {
    await this.show({ open: [...this.state.open, ...open] });
    this.select(key, { reveal: true });
  }

  /** The same for a node that a link of the panel names; none selects nothing. */
  async goTo({ node, of }) {
    if (!node) {
      this.select(null);
      return;
    }
    await this.show({ open: this.state.open, node, of, reveal: true });
    this.select(this.selected, { reveal: true });
  }

  async #clicked(event) {
    if (this.view.dragged) return;
    const key = event.target.closest("[data-key]")?.dataset.key;
    if (key === undefined) {
      this.select(null);
      return;
    }
    this.select(key, { focus: true });
    // Within an open frame a click is not meant to close it; its head is.
    const within = this.box(key).open && event.target.classList.contains("body");
    if (!within) await this.toggle(key);
  }

  #draw() {
    const [left, right] = this.frames;
    const stop = this.stopText === null ? null : this.last;
    const options = { stop, stopText: this.stopText ?? "" };
    const { side } = this.state;
    this.shown = [draw(left.firstElementChild, this.laid, { ...options, without: side ? "added" : null })];
    if (side) {
      this.shown.push(draw(right.firstElementChild, this.laid, { ...options, without: "removed" }));
    }
  }

  #arrange() {
    const { side } = this.state;
    this.root.classList.toggle("side", side);
    const right = this.frames[1];
    if (right) right.closest("figure").hidden = !side;
    for (const caption of this.root.querySelectorAll("[data-caption]")) caption.hidden = !side;
    this.root.querySelector("[data-act=side]")?.setAttribute("aria-pressed", String(side));
  }

  #buttons() {
    this.status = this.root.querySelector("[data-status]");
    const acts = {
      in: () => this.view.zoom(1.25),
      out: () => this.view.zoom(0.8),
      fit: () => this.fit(),
      close: async () => {
        await this.show({ open: [] });
        this.fit();
      },
      download: () => {
        const shown = this.frames.slice(0, this.state.side ? 2 : 1);
        download(svgText(shown, this.laid), `graph-${this.graph}.svg`);
      },
      side: () => this.#turnSide(),
    };
    for (const button of this.root.querySelectorAll("[data-act]")) {
      button.addEventListener("click", () => acts[button.dataset.act]());
    }
  }

  #turnSide() {
    this.#keep({ side: !this.state.side });
    this.#arrange();
    this.#draw();
    this.select(this.selected);
    this.fit();
  }

  #keep(changes) {
    Object.assign(this.state, changes);
    if (this.state.open !== null) writeAddress(this.state);
  }

  #say({ boxes, refused, nodes }) {
    const more = refused.length ? " There is no room for more: close something first." : "";
    const nothing = "Nothing to draw: the graph has no operations yet.";
    this.status.textContent = boxes.length
      ? `${boxes.length} boxes of ${nodes} nodes.${more}`
      : nothing;
  }
}

for (const root of document.querySelectorAll("[data-graph-picture]")) new Picture(root).start();
