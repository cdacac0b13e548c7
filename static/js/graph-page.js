// A node's panel without a new page: the address, the tabs and the panel change, the view stays.

const panel = document.getElementById("node");
const KEYS = ["node", "of"];

async function open(address) {
  const part = new URL(address);
  part.pathname += "/_node";
  const answer = await fetch(part);
  if (!answer.ok) return location.assign(address);
  panel.innerHTML = await answer.text();
  window.htmx?.process(panel);
  document.getElementById("node-title")?.focus({ preventScroll: true });
}

function keepInLinks(address) {
  const { searchParams } = new URL(address);
  for (const link of document.querySelectorAll(".tabs a, .pager a, .chips a, .nodes .titles a")) {
    const to = new URL(link.href);
    for (const key of KEYS) {
      if (searchParams.has(key)) to.searchParams.set(key, searchParams.get(key));
      else to.searchParams.delete(key);
    }
    link.href = to;
  }
}

function light(link) {
  for (const one of document.querySelectorAll(".view [aria-current][data-node]")) {
    one.removeAttribute("aria-current");
  }
  if (link.classList.contains("nf")) link.setAttribute("aria-current", "true");
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-node]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  light(link);
  keepInLinks(link.href);
  open(link.href);
});

addEventListener("popstate", () => location.reload());

// An address that names a node or a module begins where that is.
document.querySelector("#here, .fx .lit, .nodes .chosen")?.scrollIntoView({ block: "center" });
