/**
 * A consistent-hash ring (Karger et al., STOC 1997) over 0 to 2^32 - 1. A key belongs to the first point clockwise
 * from its own hash, so adding or removing a node moves only that node's share.
 * @module
 */
import { murmur3 } from "./murmur3.ts";

/** Points per unit of weight: shares deviate by about 1/sqrt(150), or 8%. */
export const DEFAULT_VIRTUAL_NODES = 150;

/**
 * Most nodes. Points are sorted as single numbers, position times this plus rank, which must stay exact: 2^32 times
 * 2^21 is 2^53.
 */
const MOST_NODES = 2 ** 21;

/** Points in ascending order and, for each, the number of the node it belongs to. */
interface Points {
  readonly positions: Uint32Array;
  readonly owners: Uint32Array;
}

const NO_POINTS: Points = { positions: new Uint32Array(0), owners: new Uint32Array(0) };

interface Node {
  readonly id: string;
  /** Stands for the node among the points. A number is reused only after the points of its last holder are gone. */
  readonly number: number;
  readonly points: number;
}

/** A ring of nodes, each an id with a weight. */
export class ConsistentHash {
  readonly #virtualNodes: number;
  readonly #nodes = new Map<string, Node>();
  /** Nodes by number, with holes where a node was removed. */
  readonly #numbered: (Node | undefined)[] = [];
  readonly #freeNumbers: number[] = [];
  /** Changes that the next look-up must bring into the points. */
  readonly #added = new Set<Node>();
  readonly #removed = new Set<Node>();
  #points = NO_POINTS;

  /** @param virtualNodes points per node of weight 1 */
  constructor(nodes: Iterable<string> = [], virtualNodes = DEFAULT_VIRTUAL_NODES) {
    this.#virtualNodes = virtualNodes;
    for (const node of nodes) this.addNode(node);
  }

  /** Number of nodes. */
  get size(): number {
    return this.#nodes.size;
  }

  /**
   * Adds a node, or gives it a new weight. Points are numbered, so a new weight only adds or removes the last ones.
   * @param weight relative share, above 0; at least one point
   * @throws RangeError for any other weight, and beyond 2^21 nodes
   */
  addNode(id: string, weight = 1): void {
    if (!(weight > 0)) throw new RangeError(`weight must be above 0, got ${weight}`);
    const points = Math.max(1, Math.round(this.#virtualNodes * weight));
    if (this.#nodes.get(id)?.points === points) return;
    this.removeNode(id);
    const number = this.#freeNumbers.pop() ?? this.#numbered.length;
    if (number >= MOST_NODES) throw new RangeError(`a ring has at most ${MOST_NODES} nodes`);
    const node: Node = { id, number, points };
    this.#nodes.set(id, node);
    this.#numbered[number] = node;
    this.#added.add(node);
  }

  /** Takes a node out; an unknown id is ignored. Only its own keys move. */
  removeNode(id: string): void {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    this.#nodes.delete(id);
    this.#numbered[node.number] = undefined;
    if (this.#added.delete(node)) this.#freeNumbers.push(node.number);
    else this.#removed.add(node);
  }

  /**
   * The node `key` belongs to, or null if there is none.
   * @param accept nodes it refuses are passed over, clockwise; no other node's keys move
   */
  getNode(key: string, accept?: (id: string) => boolean): string | null {
    this.#update();
    const { owners } = this.#points;
    const start = firstAtOrAfter(this.#points.positions, murmur3(key));
    let refused: Set<number> | null = null;
    for (let step = 0; step < owners.length; step++) {
      const owner = owners[(start + step) % owners.length] ?? 0;
      if (refused?.has(owner)) continue;
      const id = this.#numbered[owner]?.id ?? null;
      if (id === null || accept === undefined || accept(id)) return id;
      refused ??= new Set();
      refused.add(owner);
      if (refused.size === this.#nodes.size) return null;
    }
    return null;
  }

  /** How many of `keys` belong to each node; nodes without any have 0. */
  getDistribution(keys: Iterable<string>): Record<string, number> {
    const counts = new Map<string, number>([...this.#nodes.keys()].map((id) => [id, 0]));
    for (const key of keys) {
      const id = this.getNode(key);
      if (id !== null) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return Object.fromEntries(counts);
  }

  /**
   * Brings changes into the points. Only added nodes are hashed and sorted, all of them at once; the rest is copied.
   */
  #update(): void {
    if (this.#added.size === 0 && this.#removed.size === 0) return;
    const gone = new Set([...this.#removed].map((node) => node.number));
    const kept = gone.size === 0 ? this.#points : without(this.#points, gone);
    this.#points = this.#merged(kept, pointsOf([...this.#added]));
    for (const number of gone) this.#freeNumbers.push(number);
    this.#added.clear();
    this.#removed.clear();
  }

  /** Copies stretch by stretch, not point by point: a new node has 150 points, 1,000 others have 150,000. */
  #merged(kept: Points, added: Points): Points {
    const positions = new Uint32Array(kept.positions.length + added.positions.length);
    const owners = new Uint32Array(positions.length);
    let from = 0;
    for (let i = 0; i < added.positions.length; i++) {
      const position = added.positions[i] ?? 0;
      let to = firstAtOrAfter(kept.positions, position, from);
      while (kept.positions[to] === position && !this.#precedes(added, i, kept, to)) to++;
      positions.set(kept.positions.subarray(from, to), from + i);
      owners.set(kept.owners.subarray(from, to), from + i);
      positions[to + i] = position;
      owners[to + i] = added.owners[i] ?? 0;
      from = to;
    }
    positions.set(kept.positions.subarray(from), from + added.positions.length);
    owners.set(kept.owners.subarray(from), from + added.positions.length);
    return { positions, owners };
  }

  /** Of two points at one place the smaller id's is first, on every machine. */
  #precedes(a: Points, i: number, b: Points, j: number): boolean {
    const [left, right] = [this.#numbered[a.owners[i] ?? 0], this.#numbered[b.owners[j] ?? 0]];
    return left !== undefined && right !== undefined && left.id < right.id;
  }
}

function without(points: Points, gone: ReadonlySet<number>): Points {
  const stays = (_: number, i: number) => !gone.has(points.owners[i] ?? 0);
  return { positions: points.positions.filter(stays), owners: points.owners.filter(stays) };
}

/** The points of `nodes`, by position, then by id. */
function pointsOf(nodes: Node[]): Points {
  nodes.sort((a, b) => (a.id < b.id ? -1 : 1));
  const packed = new Float64Array(nodes.reduce((sum, node) => sum + node.points, 0));
  let next = 0;
  for (const [rank, { id, points }] of nodes.entries()) {
    for (let i = 0; i < points; i++) packed[next++] = murmur3(id, i) * MOST_NODES + rank;
  }
  packed.sort();
  return {
    positions: Uint32Array.from(packed, (value) => Math.floor(value / MOST_NODES)),
    owners: Uint32Array.from(packed, (value) => nodes[value % MOST_NODES]?.number ?? 0),
  };
}

/**
 * The index of the first point at or after `position`, searched from index `low` on; the number of points if there is
 * none.
 */
function firstAtOrAfter(positions: Uint32Array, position: number, low = 0): number {
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((positions[middle] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
