// Places boxes and edges with ELK, in a worker of its own.
import { measure } from "./measure.js";

const ROOT = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.json.shapeCoords": "ROOT",
  "elk.json.edgeCoords": "ROOT",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
  "elk.layered.spacing.nodeNodeBetweenLayers": "30",
  "elk.layered.spacing.edgeNodeBetweenLayers": "14",
  "elk.spacing.nodeNode": "18",
  "elk.spacing.edgeNode": "12",
  "elk.spacing.edgeEdge": "8",
  "elk.spacing.componentComponent": "24",
  "elk.padding": "[top=8,left=8,bottom=8,right=8]",
};
const FRAME = { "elk.padding": "[top=44,left=14,bottom=14,right=14]" };

/** ELK's worker: it takes a message with a number and answers with the same number. */
export class Layouter {
  constructor(address) {
    this.worker = new Worker(address);
    this.waiting = new Map();
    this.number = 0;
    this.worker.addEventListener("message", ({ data }) => this.#answered(data));
    this.worker.addEventListener("error", () => {
      for (const { reject } of this.waiting.values()) reject(new Error("The layout failed."));
      this.waiting.clear();
    });
    this.ready = this.#ask({ cmd: "register", algorithms: ["layered"] });
    this.#warm();
  }

  /** ELK's first layout takes four times as long as the next: do one before the boxes are there. */
  async #warm() {
    await this.ready;
    const leaf = (id) => ({ id, width: 9, height: 9 });
    const inner = { id: "c", layoutOptions: FRAME, children: [leaf("d"), leaf("e")] };
    const links = [["a", "b"], ["a", "d"], ["d", "e"], ["e", "b"]];
    const edges = links.map(([from, to], id) => ({ id: `${id}`, sources: [from], targets: [to] }));
    const children = [leaf("a"), leaf("b"), inner];
    await this.#layOut({ id: "", layoutOptions: ROOT, children, edges }).catch(() => {});
  }

  #layOut(graph) {
    const options = { logging: false, measureExecutionTime: false };
    return this.#ask({ cmd: "layout", graph, layoutOptions: {}, options });
  }

  /** Boxes with their place and size, and edges with their points. `stop` is said at the last. */
  async layout(picture, stop) {
    const graph = toElk(picture, stop);
    await this.ready;
    const laid = await this.#layOut(graph);
    return fromElk(laid, picture);
  }

  #ask(message) {
    const id = this.number++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ ...message, id });
    });
  }

  #answered({ id, data, error }) {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) waiting?.reject(new Error("The layout failed."));
    else waiting?.resolve(data);
  }
}

function toElk(picture, stop) {
  const texts = new Map(); // what stands at the beginning of a box's edges
  for (const edge of picture.edges) texts.set(edge.source, edge.text);
  const nodes = new Map();
  const root = { id: "", layoutOptions: ROOT, children: [], edges: [] };
  for (const box of picture.boxes) {
    const node = { id: box.key, children: [] };
    nodes.set(box.key, node);
    (nodes.get(box.parent) ?? root).children.push(node);
    if (box.open) node.layoutOptions = FRAME;
    else {
      const said = box.key === picture.last ? stop : null;
      Object.assign(node, measure(box, texts.get(box.key) ?? "", said));
    }
  }
  root.edges = picture.edges.map((edge, number) => ({
    id: `edge ${number}`, // no box has a space in its key
    sources: [edge.source],
    targets: [edge.target],
  }));
  return root;
}

function fromElk(laid, picture) {
  const places = new Map();
  const waiting = [...laid.children];
  while (waiting.length) {
    const node = waiting.pop();
    places.set(node.id, { x: node.x, y: node.y, width: node.width, height: node.height });
    waiting.push(...(node.children ?? []));
  }
  const edges = laid.edges.map(({ id, sections }) => ({
    ...picture.edges[Number(id.slice("edge ".length))],
    points: (sections ?? []).flatMap((one) => [
      one.startPoint,
      ...(one.bendPoints ?? []),
      one.endPoint,
    ]),
  }));
  const boxes = picture.boxes.map((box) => ({ ...box, ...places.get(box.key) }));
  return { boxes, edges, width: laid.width, height: laid.height };
}
