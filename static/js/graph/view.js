// Pan and zoom of one or two drawings at once: by wheel, pinch, drag and step.

const SMALLEST = 0.05;
const LARGEST = 4;
const CLICK = 4; // pixels that a pointer may move in a click

export class View {
  /** `scenes` are the groups that move; `moved` is told of each change. */
  constructor(frames, moved) {
    this.frames = frames;
    this.moved = moved;
    this.at = { x: 0, y: 0, k: 1 };
    this.pointers = new Map();
    this.dragged = false;
    for (const frame of frames) this.#listen(frame);
  }

  set({ x, y, k }) {
    this.at = { x, y, k: Math.min(LARGEST, Math.max(SMALLEST, k)) };
    const transform = `translate(${this.at.x} ${this.at.y}) scale(${this.at.k})`;
    for (const frame of this.frames) frame.firstElementChild.setAttribute("transform", transform);
    this.moved(this.at);
  }

  pan(dx, dy) {
    this.set({ ...this.at, x: this.at.x + dx, y: this.at.y + dy });
  }

  /** Zoom about a point of the frame, its middle if none is given. */
  zoom(factor, point = this.middle) {
    const { x, y, k } = this.at;
    const next = Math.min(LARGEST, Math.max(SMALLEST, k * factor));
    const ratio = next / k;
    this.set({ x: point.x - (point.x - x) * ratio, y: point.y - (point.y - y) * ratio, k: next });
  }

  /** All of it, no larger than it is and no smaller than can be read; then from its top. */
  fit({ width, height }) {
    const { clientWidth, clientHeight } = this.frames[0];
    const whole = Math.min((clientWidth - 24) / width, (clientHeight - 24) / height, 1);
    const k = Math.max(whole, Math.min(0.8, Math.max(0.5, (clientWidth - 24) / width)));
    const top = height * k < clientHeight ? (clientHeight - height * k) / 2 : 12;
    this.set({ x: (clientWidth - width * k) / 2, y: top, k });
  }

  /** Bring a box into sight if it is not, and make it large enough to be read. */
  reveal(box) {
    const { clientWidth, clientHeight } = this.frames[0];
    const k = Math.max(this.at.k, 0.7);
    const left = box.x * k + this.at.x;
    const top = box.y * k + this.at.y;
    const inside =
      k === this.at.k &&
      left >= 0 &&
      top >= 0 &&
      left + box.width * k <= clientWidth &&
      top + Math.min(box.height * k, clientHeight) <= clientHeight;
    if (inside) return;
    const height = Math.min(box.height * k, clientHeight - 48);
    this.set({
      x: clientWidth / 2 - (box.x + box.width / 2) * k,
      y: (clientHeight - height) / 2 - box.y * k,
      k,
    });
  }

  get middle() {
    const { clientWidth, clientHeight } = this.frames[0];
    return { x: clientWidth / 2, y: clientHeight / 2 };
  }

  #listen(frame) {
    const place = (event) => {
      const { left, top } = frame.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    frame.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
        this.zoom(Math.exp((-event.deltaY * lines) / 400), place(event));
      },
      { passive: false },
    );
    frame.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.pointers.set(event.pointerId, place(event));
      this.from = place(event);
      this.dragged = false;
    });
    frame.addEventListener("pointermove", (event) => this.#move(event, frame, place(event)));
    for (const type of ["pointerup", "pointercancel"]) {
      frame.addEventListener(type, (event) => this.pointers.delete(event.pointerId));
    }
  }

  #move(event, frame, now) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    if (!this.dragged && Math.hypot(now.x - this.from.x, now.y - this.from.y) < CLICK) return;
    if (!this.dragged) frame.setPointerCapture(event.pointerId); // only now: a click has its box
    this.dragged = true;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, now);
    if (!other) {
      this.pan(now.x - before.x, now.y - before.y);
      return;
    }
    const apart = (one) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.zoom(apart(now) / apart(before), middle);
  }
}
