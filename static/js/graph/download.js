// What is seen as an SVG file that needs nothing else: its colours are attributes in it.
import { svg } from "./draw.js";

const KEPT = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap",
  "paint-order", "font-family", "font-size", "font-weight", "opacity",
];
const DRAWN = new Set(["rect", "path", "text", "circle"]);
const OF_THE_PAGE = /^(class|role|tabindex|aria-.*|data-.*)$/;

const PAD = 16;

/** The drawings next to each other as text of an SVG file, whole, in the colours they have now. */
export function svgText(frames, laid) {
  const step = laid.width + 2 * PAD;
  const size = { width: step * frames.length, height: laid.height + 2 * PAD };
  const fill = getComputedStyle(frames[0]).backgroundColor;
  const root = svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, ...size });
  root.append(svg("rect", { ...size, fill }));
  frames.forEach((frame, number) => {
    const scene = plain(frame.firstElementChild);
    scene.setAttribute("transform", `translate(${number * step + PAD} ${PAD})`);
    root.append(scene);
  });
  return new XMLSerializer().serializeToString(root);
}

/** A copy with what it looks like as attributes, and nothing that means something on the page. */
function plain(scene) {
  const copy = scene.cloneNode(true);
  const originals = scene.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((element, number) => {
    if (DRAWN.has(element.localName)) {
      const style = getComputedStyle(originals[number]);
      for (const name of KEPT) element.setAttribute(name, style.getPropertyValue(name));
    }
    for (const name of element.getAttributeNames()) {
      if (OF_THE_PAGE.test(name)) element.removeAttribute(name);
    }
  });
  return copy;
}

/** Give a person the file. */
export function download(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
