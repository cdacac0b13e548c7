// Scrolls through all rows of the node table: pages near the screen are there, the rest is space.

const table = document.querySelector(".nodes[data-source]");
const [total, first, size] = ["total", "first", "size"].map((key) => Number(table.dataset[key]));
const given = table.querySelector("[role=rowgroup]");
const height = given.firstElementChild.getBoundingClientRect().height;
const pages = new Map();

function space(group, rows) {
  group.style.height = `${rows * height}px`;
}

async function fill(group) {
  const { number } = group;
  const address = new URL(table.dataset.source, location.href);
  if (number) address.searchParams.set("from", number * size);
  group.wanted = true;
  const answer = await fetch(address);
  if (!answer.ok || !group.wanted) return;
  group.innerHTML = await answer.text();
  group.classList.remove("waiting");
}

function empty(group) {
  group.wanted = false;
  group.replaceChildren();
  group.classList.add("waiting");
}

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const there = target.childElementCount > 0;
      if (isIntersecting && !there) fill(target);
      if (!isIntersecting && (there || target.wanted)) empty(target);
    }
  },
  { root: table, rootMargin: "1500px 0px" },
);

if (total > size) {
  for (let number = 0; number * size < total; number += 1) {
    const here = number * size === first;
    const group = here ? given : document.createElement("div");
    group.number = number;
    if (!here) {
      group.setAttribute("role", "rowgroup");
      group.classList.add("waiting");
    }
    space(group, Math.min(size, total - number * size));
    table.append(group);
    pages.set(number, group);
  }
  document.querySelector(".view .pager")?.remove();
  table.scrollTop = first * height;
  table.querySelector(".chosen")?.scrollIntoView({ block: "center" });
  for (const group of pages.values()) watcher.observe(group);
}
