// What is seen as an SVG file that needs nothing else: its colours are attributes in it.

const KEPT = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap",
  "paint-order", "font-family", "font-size", "font-weight", "opacity",
];
const DRAWN = new Set(["rect", "path", "text", "circle"]);

/** The drawing as text of an SVG file, whole, in the colours it has now. */
export function svgText(frame, laid) {
  const copy = frame.cloneNode(true);
  const pad = 16;
  const box = [-pad, -pad, laid.width + 2 * pad, laid.height + 2 * pad];
  for (const name of copy.getAttributeNames()) copy.removeAttribute(name);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", box.join(" "));
  copy.setAttribute("width", box[2]);
  copy.setAttribute("height", box[3]);
  const originals = frame.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((element, number) => {
    if (DRAWN.has(element.localName)) {
      const style = getComputedStyle(originals[number]);
      for (const name of KEPT) element.setAttribute(name, style.getPropertyValue(name));
    }
    for (const name of ["class", "role", "tabindex", "aria-label", "aria-expanded"]) {
      element.removeAttribute(name);
    }
    for (const name of element.getAttributeNames()) {
      if (name.startsWith("data-")) element.removeAttribute(name);
    }
  });
  copy.firstElementChild.removeAttribute("transform");
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const place = { x: box[0], y: box[1], width: box[2], height: box[3] };
  for (const [name, value] of Object.entries(place)) ground.setAttribute(name, value);
  ground.setAttribute("fill", getComputedStyle(frame).backgroundColor);
  copy.prepend(ground);
  return new XMLSerializer().serializeToString(copy);
}

/** Give a person the file. */
export function download(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
