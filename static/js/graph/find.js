// The field that finds nodes and modules, with its list of matches.
import { fetchMatches } from "./api.js";

const PAUSE = 180; // milliseconds after a key until the server is asked

export class Find {
  /** `found` is told of the match that a person chose. */
  constructor(root, graph, base, found) {
    this.input = root.querySelector("[data-find]");
    this.list = root.querySelector("[data-matches]");
    this.graph = graph;
    this.base = base;
    this.found = found;
    this.asked = 0;
    this.input.addEventListener("input", () => this.#later());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("button");
      if (option) this.#choose(option);
    });
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), PAUSE);
  }

  async #ask() {
    const text = this.input.value.trim();
    const number = ++this.asked;
    if (!text) {
      this.close();
      return;
    }
    const answer = await fetchMatches(this.graph, this.base, text).catch((error) => ({
      matches: [],
      total: 0,
      problem: error.message,
    }));
    if (number === this.asked) this.#show(answer);
  }

  #show({ matches, total, problem }) {
    this.matches = matches;
    const items = matches.map(({ title, detail }) => {
      const button = document.createElement("button");
      const name = document.createElement("b");
      const more = document.createElement("span");
      button.type = "button";
      name.textContent = title;
      more.textContent = detail;
      button.append(name, more);
      const item = document.createElement("li");
      item.append(button);
      return item;
    });
    const left = total - matches.length;
    const note = problem ?? (total === 0 ? "Nothing matches." : left ? `${left} more match.` : "");
    if (note) {
      const item = document.createElement("li");
      item.className = "note";
      item.textContent = note;
      items.push(item);
    }
    this.list.replaceChildren(...items);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
  }

  #key(event) {
    const buttons = [...this.list.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "Escape") {
      this.close();
      this.input.focus();
    } else if (event.key === "ArrowDown" && buttons.length) {
      buttons[Math.min(at + 1, buttons.length - 1)].focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      (buttons[at - 1] ?? this.input).focus();
    } else if (event.key === "Enter" && at < 0 && buttons.length && !this.list.hidden) {
      this.#choose(buttons[0]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #choose(option) {
    const number = [...this.list.querySelectorAll("button")].indexOf(option);
    this.close();
    this.found(this.matches[number]);
  }
}
