// How large a box is, from what is written on it.

export const TITLE = "600 12px system-ui, sans-serif";
export const SMALL = "10.5px system-ui, sans-serif";
export const LONGEST = 34; // characters of a line on a box

const context = document.createElement("canvas").getContext("2d");

function width(text, font) {
  context.font = font;
  return context.measureText(text).width;
}

/** Text that fits on a box; names tell more at their end. */
export function fit(text) {
  return text.length <= LONGEST ? text : `…${text.slice(1 - LONGEST)}`;
}

/** The second line of a box. */
export function secondLine(box) {
  const parts = [];
  if (box.detail) parts.push(fit(box.detail));
  if (box.opens && box.operations) parts.push(`${box.operations} op${box.operations > 1 ? "s" : ""}`);
  if (box.hidden) parts.push(`${box.hidden} param${box.hidden > 1 ? "s" : ""}`);
  return parts.join(" · ");
}

export const SIGNS = { added: "+", removed: "−", changed: "~", moved: "↕" };

/** How many nodes in a box are what: `+3 ~1`. */
export function signs(box) {
  return Object.entries(SIGNS)
    .filter(([kind]) => box.counts[kind])
    .map(([kind, sign]) => `${sign}${box.counts[kind]}`)
    .join(" ");
}

export const STOP = 22; // below a box, where it is said that export stops

/** The size of a closed box, wide enough for what stands below it; `stop` is null for most. */
export function measure(box, below, stop) {
  const title = width(fit(box.title), TITLE) + 44 + (box.opens ? 16 : 0) + (box.change ? 18 : 0);
  const second = width(secondLine(box), SMALL) + 34 + (box.opens ? width(signs(box), SMALL) + 10 : 0);
  const half = width(fit(below), SMALL) + 14;
  const said = stop === null ? 0 : width(stop, TITLE);
  return {
    width: Math.ceil(Math.max(title, second, 2 * half, said, 84)),
    height: 42 + (stop === null ? 0 : STOP),
  };
}
