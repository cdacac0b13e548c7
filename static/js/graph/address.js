// The state of the picture is in the page's address: a link shows the same.

/** What the address says; `open` is null where it says nothing of it. */
export function readAddress() {
  const query = new URLSearchParams(location.search);
  const numbers = (query.get("zoom") ?? "").split(",").map(Number);
  const zoom = numbers.length === 3 && numbers.every(Number.isFinite) && numbers[2] > 0;
  return {
    open: query.has("open") ? query.get("open").split(",").filter(Boolean) : null,
    node: query.get("node") ?? "",
    of: query.get("of") ?? "",
    module: query.get("module") ?? "",
    side: query.get("side") === "1",
    zoom: zoom ? { x: numbers[0], y: numbers[1], k: numbers[2] } : null,
  };
}

const SETTLE = 200; // milliseconds: browsers allow few changes of the address in a second

let pending = 0;

/** Write the state a little later; what else the address has stays. */
export function writeAddress(state) {
  clearTimeout(pending);
  pending = setTimeout(() => {
    const url = new URL(location.href);
    const put = (name, value) => {
      if (value) url.searchParams.set(name, value);
      else url.searchParams.delete(name);
    };
    url.searchParams.set("open", state.open.join(","));
    put("node", state.node);
    put("of", state.of);
    put("module", state.module);
    put("side", state.side ? "1" : "");
    put("zoom", state.zoom && zoomText(state.zoom));
    history.replaceState(history.state, "", url);
    keepInLinks(state);
  }, SETTLE);
}

/** Links to the other views keep the node that is selected. */
function keepInLinks(state) {
  for (const link of document.querySelectorAll(".tabs a")) {
    const url = new URL(link.href);
    for (const name of ["node", "of", "module"]) {
      if (state[name]) url.searchParams.set(name, state[name]);
      else url.searchParams.delete(name);
    }
    link.href = url.href;
  }
}

function zoomText({ x, y, k }) {
  return [Math.round(x), Math.round(y), Math.round(k * 1000) / 1000].join(",");
}
