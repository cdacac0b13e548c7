// The keyboard on the picture. Arrows walk from box to box; with Shift, or with no box, they pan.

const STEP = 60; // pixels of a pan
const ARROWS = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [1, 0], ArrowRight: [-1, 0] };

/** `picture` has what the keys do. */
export function listenToKeys(element, picture) {
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!act(event, picture)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function act(event, picture) {
  const arrow = ARROWS[event.key];
  if (arrow) {
    if (event.shiftKey || !picture.selected) picture.view.pan(arrow[0] * STEP, arrow[1] * STEP);
    else picture.walk(event.key);
    return true;
  }
  const keys = {
    "+": () => picture.view.zoom(1.25),
    "=": () => picture.view.zoom(1.25),
    "-": () => picture.view.zoom(0.8),
    0: () => picture.fit(),
    Escape: () => picture.select(null),
    Enter: () => picture.toggle(picture.selected),
    " ": () => picture.toggle(picture.selected),
    "/": () => picture.find.focus(),
    Home: () => picture.select(picture.laid?.boxes[0]?.key ?? null, { reveal: true }),
  };
  if (!keys[event.key]) return false;
  keys[event.key]();
  return true;
}

/** The box to which an arrow leads: along an edge up or down, else the next one at its side. */
export function neighbour(laid, key, arrow) {
  const boxes = new Map(laid.boxes.map((box) => [box.key, box]));
  const from = boxes.get(key);
  const along = { ArrowUp: ["target", "source"], ArrowDown: ["source", "target"] }[arrow];
  const middle = (box) => [box.x + box.width / 2, box.y + Math.min(box.height, 42) / 2];
  const [x, y] = middle(from);
  const nearest = (candidates) => {
    const distance = (box) => Math.hypot(middle(box)[0] - x, middle(box)[1] - y);
    return candidates.sort((one, other) => distance(one) - distance(other))[0]?.key ?? null;
  };
  if (along) {
    const linked = laid.edges.filter((edge) => edge[along[0]] === key);
    if (linked.length) return nearest(linked.map((edge) => boxes.get(edge[along[1]])));
    const inside = laid.boxes.filter((box) => box.parent === key);
    if (arrow === "ArrowDown" && inside.length) return inside[0].key;
    return from.parent;
  }
  const sign = arrow === "ArrowRight" ? 1 : -1;
  const beside = laid.boxes.filter((box) => {
    const [otherX, otherY] = middle(box);
    const across = sign * (otherX - x);
    return box.key !== key && across > 0 && Math.abs(otherY - y) < across;
  });
  return nearest(beside);
}
