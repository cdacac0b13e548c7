// Draws a layout as SVG. Colours are classes of graph-picture.css; no style attribute anywhere.
import { fit, secondLine, SIGNS, signs, STOP } from "./measure.js";

const SVG = "http://www.w3.org/2000/svg";

export const FAMILIES = {
  matrix: ["M", "product, convolution"],
  elementwise: ["E", "elementwise"],
  reduction: ["R", "norm, pool, reduction"],
  shape: ["S", "shape, index"],
  creation: ["N", "new tensor"],
  number: ["#", "number, assertion"],
  control: ["C", "control flow"],
  other: ["?", "other call"],
};
const GLYPHS = { module: "▣", subgraph: "ƒ", fold: "⋯", input: "→", output: "⇥" };

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter(Boolean));
  return element;
}

/** The picture of one side: all of it, or what the base or the head has. Returns boxes by key. */
export function draw(scene, laid, { without, stop, stopText }) {
  const shown = new Map();
  const hidden = new Set();
  const frames = svg("g", { class: "frames" });
  const lines = svg("g", { class: "edges" });
  const boxes = svg("g", { class: "boxes" });
  for (const box of laid.boxes) {
    if ((without && box.change === without) || hidden.has(box.parent)) {
      hidden.add(box.key);
      continue;
    }
    const drawn = drawBox(box, box.key === stop ? stopText : null);
    shown.set(box.key, drawn);
    (box.open ? frames : boxes).append(drawn);
  }
  const labelled = new Set();
  for (const edge of laid.edges) {
    if ((without && edge.change === without) || edge.points.length < 2) continue;
    if (!shown.has(edge.source) || !shown.has(edge.target)) continue;
    const label = `${edge.source} ${edge.text}`;
    lines.append(drawEdge(edge, !labelled.has(label)));
    labelled.add(label);
  }
  scene.replaceChildren(frames, lines, boxes);
  return shown;
}

function classOf(box) {
  const names = ["box", `kind-${box.kind}`];
  if (box.family) names.push(`family-${box.family}`);
  if (box.change) names.push(`change-${box.change}`);
  if (box.open) names.push("open");
  return names.join(" ");
}

function drawBox(box, stopText) {
  const height = box.height - (stopText === null || box.open ? 0 : STOP);
  const round = box.kind === "input" || box.kind === "output" ? 14 : 5;
  const group = svg("g", {
    class: `${classOf(box)}${stopText === null ? "" : " stop"}`,
    transform: `translate(${box.x} ${box.y})`,
    role: "button",
    tabindex: "-1",
    "aria-label": spoken(box, stopText),
    "aria-expanded": box.opens ? String(box.open) : null,
    "data-key": box.key,
  });
  if (box.kind === "fold") {
    const behind = { class: "behind", x: 4, y: 4, rx: 5, width: box.width, height };
    group.append(svg("rect", behind));
  }
  const parts = [
    svg("rect", { class: "body", width: box.width, height, rx: round }),
    box.open ? svg("rect", { class: "header", width: box.width, height: 38, rx: round }) : null,
    svg("rect", { class: "stripe", x: 6, y: 7, width: 18, height: 18, rx: 4 }),
    svg("text", { class: "glyph", x: 15, y: 20, "text-anchor": "middle" }, glyph(box)),
    svg("text", { class: "title", x: 30, y: 18 }, fit(box.title)),
    svg("text", { class: "second", x: 30, y: 33 }, secondLine(box)),
    box.opens ? expander(box) : null,
    box.change ? mark(box) : null,
  ];
  group.append(...parts.filter(Boolean));
  const counts = box.opens ? signs(box) : "";
  if (counts) {
    const place = { class: "counts", x: box.width - 8, y: 33, "text-anchor": "end" };
    group.append(svg("text", place, counts));
  }
  if (stopText !== null) group.append(...stopMark(box.width, height, stopText));
  group.append(svg("title", {}, tip(box)));
  return group;
}

function glyph(box) {
  return GLYPHS[box.kind] ?? FAMILIES[box.family]?.[0] ?? "?";
}

function expander(box) {
  const x = box.width - 15;
  const path = `M${x - 4} 14h8${box.open ? "" : `M${x} 10v8`}`;
  return svg("path", { class: "expander", d: path });
}

function mark(box) {
  const x = box.width - (box.opens ? 33 : 15);
  return svg(
    "g",
    { class: "mark" },
    svg("circle", { cx: x, cy: 14, r: 7.5 }),
    svg("text", { x, y: 18, "text-anchor": "middle" }, SIGNS[box.change]),
  );
}

function stopMark(width, y, text) {
  return [
    svg("path", { class: "stop-line", d: `M0 ${y + 3}H${width}` }),
    svg("text", { class: "stop-text", x: 0, y: y + 17 }, text),
  ];
}

/** A box in words, for a screen reader. */
function spoken(box, stopText) {
  const parts = [box.title, secondLine(box)];
  if (FAMILIES[box.family]) parts.push(FAMILIES[box.family][1]);
  if (box.change) parts.push(box.change);
  if (stopText !== null) parts.push(stopText);
  return parts.filter(Boolean).join(", ");
}

function tip(box) {
  const lines = [box.target || box.title, box.values, box.module, box.source];
  return lines.filter(Boolean).join("\n");
}

function drawEdge(edge, labelled) {
  const [first] = edge.points;
  const end = edge.points.at(-1);
  const change = edge.change ? ` change-${edge.change}` : "";
  const group = svg(
    "g",
    { class: `edge${change}`, "data-source": edge.source, "data-target": edge.target },
    svg("path", { class: "line", d: rounded(edge.points) }),
    svg("path", { class: "head", d: `M${end.x - 4} ${end.y - 7}L${end.x} ${end.y}L${end.x + 4} ${end.y - 7}Z` }),
  );
  if (labelled && edge.text) {
    group.append(svg("text", { class: "value", x: first.x + 5, y: first.y + 12 }, fit(edge.text)));
  }
  return group;
}

/** A path through the points, its corners rounded. */
function rounded(points) {
  let path = `M${points[0].x} ${points[0].y}`;
  for (let i = 1; i < points.length - 1; i++) {
    const [before, at, after] = [points[i - 1], points[i], points[i + 1]];
    const [a, b] = [toward(at, before), toward(at, after)];
    path += `L${a.x} ${a.y}Q${at.x} ${at.y} ${b.x} ${b.y}`;
  }
  const end = points.at(-1);
  return `${path}L${end.x} ${end.y}`;
}

function toward(from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const step = Math.min(6, length / 2) / length;
  return { x: from.x + dx * step, y: from.y + dy * step };
}
