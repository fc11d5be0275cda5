/**
 * A layered drawing of a directed graph (after Sugiyama, Tagawa and Toda, 1981): ranks by longest path, order within a
 * rank by medians, places as near to the neighbours as the widths allow. The word of an arrow takes a place of its own
 * between two ranks, so that nothing is written over anything else. Deterministic: ties go by the order given.
 */
export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface Link {
  readonly from: string;
  readonly to: string;
  /** Size of its word; 0 when it has none. */
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Centre of each box, by id. */
  readonly centres: ReadonlyMap<string, Point>;
  /** Of each link, in the order given: the points it passes, from box to box, and the centre of its word. */
  readonly routes: readonly { readonly points: readonly Point[]; readonly word: Point }[];
}

const GAP = 28;
const RANK_GAP = 18;
const SWEEPS = 12;

/** A box, or a place that a link passes between two ranks. */
interface Cell {
  readonly width: number;
  readonly height: number;
  rank: number;
  x: number;
  y: number;
  readonly up: Cell[];
  readonly down: Cell[];
  readonly order: number;
}

/** Places boxes and links; a link to the same box is left to the one who draws (its route has no points). */
export function layOut(boxes: readonly Box[], links: readonly Link[]): Layout {
  let count = 0;
  const cell = ({ width, height }: { width: number; height: number }, rank: number): Cell => ({
    width,
    height,
    rank,
    x: 0,
    y: 0,
    up: [],
    down: [],
    order: count++,
  });
  const cells = new Map(boxes.map((b) => [b.id, cell(b, 0)] as const));
  const forward = directed(boxes, links);
  const ranks = rankBoxes(boxes, forward);
  for (const [id, rank] of ranks) cells.get(id)!.rank = rank;

  const all = [...cells.values()];
  const chains = links.map((link, i) => {
    if (link.from === link.to) return undefined;
    const { from, to, turned } = forward[i]!;
    const chain = [cells.get(from)!];
    const last = cells.get(to)!;
    // The word stands behind the box that the arrow leaves.
    const wordRank = turned ? last.rank - 1 : chain[0]!.rank + 1;
    let word = chain[0]!;
    for (let rank = chain[0]!.rank + 1; rank < last.rank; rank++) {
      const next = cell(rank === wordRank ? link : { width: 2, height: 0 }, rank);
      if (rank === wordRank) word = next;
      all.push(next);
      chain.push(next);
    }
    chain.push(last);
    for (let k = 1; k < chain.length; k++) {
      chain[k - 1]!.down.push(chain[k]!);
      chain[k]!.up.push(chain[k - 1]!);
    }
    return { cells: turned ? chain.reverse() : chain, word };
  });

  const rows = inRows(all);
  orderRows(rows);
  placeAcross(rows);
  const height = placeDown(rows);
  const left = Math.min(...all.map((c) => c.x - c.width / 2));
  const point = (c: Cell): Point => ({ x: c.x - left, y: c.y });
  return {
    width: Math.max(...all.map((c) => c.x + c.width / 2)) - left,
    height,
    centres: new Map([...cells].map(([id, c]) => [id, point(c)] as const)),
    routes: chains.map((chain) =>
      chain
        ? { points: chain.cells.map(point), word: point(chain.word) }
        : { points: [], word: { x: 0, y: 0 } },
    ),
  };
}

interface Directed {
  readonly from: string;
  readonly to: string;
  /** Drawn against its direction, because it leads back. */
  readonly turned: boolean;
}

/** Turns the links that close a circle, as met by walking from the first box. */
function directed(boxes: readonly Box[], links: readonly Link[]): readonly Directed[] {
  const state = new Map<string, "open" | "done">();
  const back = new Set<Link>();
  const visit = (id: string): void => {
    state.set(id, "open");
    for (const link of links) {
      if (link.from !== id) continue;
      if (state.get(link.to) === "open") back.add(link);
      else if (!state.has(link.to)) visit(link.to);
    }
    state.set(id, "done");
  };
  for (const { id } of boxes) if (!state.has(id)) visit(id);
  return links.map((l) =>
    back.has(l) ? { from: l.to, to: l.from, turned: true } : { from: l.from, to: l.to, turned: false },
  );
}

/** Even numbers, so that there is a rank for words between any two: as far down as the longest way to a box. */
function rankBoxes(boxes: readonly Box[], links: readonly Directed[]): ReadonlyMap<string, number> {
  const ranks = new Map(boxes.map((b) => [b.id, 0]));
  const proper = links.filter((l) => l.from !== l.to);
  for (let moved = true; moved;) {
    moved = false;
    for (const { from, to } of proper) {
      if (ranks.get(to)! >= ranks.get(from)! + 2) continue;
      ranks.set(to, ranks.get(from)! + 2);
      moved = true;
    }
  }
  // What nothing leads to stands just above what it leads to.
  for (const { id } of boxes.slice(1)) {
    if (proper.some((l) => l.to === id)) continue;
    const below = proper.filter((l) => l.from === id).map((l) => ranks.get(l.to)!);
    if (below.length > 0) ranks.set(id, Math.min(...below) - 2);
  }
  return ranks;
}

function inRows(cells: readonly Cell[]): Cell[][] {
  const rows: Cell[][] = [];
  for (const c of cells) (rows[c.rank] ??= []).push(c);
  return Array.from(rows, (row) => row ?? []);
}

/** Fewer crossings: each row by the mean place of its neighbours, down and up again; the best order found is kept. */
function orderRows(rows: Cell[][]): void {
  const place = new Map<Cell, number>();
  const number = (): void => rows.forEach((row) => row.forEach((c, i) => place.set(c, i)));
  number();
  let best = rows.map((row) => [...row]);
  let fewest = crossings(rows, place);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : [...rows].reverse()) {
      const mean = new Map(
        row.map((c) => {
          const near = (down ? c.up : c.down).map((n) => place.get(n)!);
          return [c, near.length === 0 ? place.get(c)! : near.reduce((a, b) => a + b, 0) / near.length];
        }),
      );
      row.sort((a, b) => mean.get(a)! - mean.get(b)! || a.order - b.order);
      row.forEach((c, i) => place.set(c, i));
    }
    const now = crossings(rows, place);
    if (now < fewest) {
      fewest = now;
      best = rows.map((row) => [...row]);
    }
  }
  best.forEach((row, i) => rows.splice(i, 1, row));
}

function crossings(rows: readonly (readonly Cell[])[], place: ReadonlyMap<Cell, number>): number {
  let found = 0;
  for (const row of rows) {
    const pairs = row.flatMap((c) => c.down.map((d) => [place.get(c)!, place.get(d)!] as const));
    for (const [i, [a, b]] of pairs.entries())
      for (const [c, d] of pairs.slice(i + 1)) if ((a - c) * (b - d) < 0) found++;
  }
  return found;
}

/** Moves each row towards its neighbours, several times, keeping the order and the gaps. */
function placeAcross(rows: readonly (readonly Cell[])[]): void {
  for (const row of rows) spread(row, () => 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : [...rows].reverse()) {
      spread(row, (c) => {
        const near = down ? c.up : c.down;
        return near.length === 0 ? c.x : near.reduce((sum, n) => sum + n.x, 0) / near.length;
      });
    }
  }
}

/**
 * Nearest places to the wished ones that keep the order and the gaps: neighbours that would overlap are put side by side
 * around their common mean (pool adjacent violators).
 */
function spread(row: readonly Cell[], wish: (c: Cell) => number): void {
  const blocks: { cells: Cell[]; sum: number; width: number }[] = [];
  for (const c of row) {
    let block = { cells: [c], sum: wish(c), width: c.width + GAP };
    for (let before = blocks.at(-1); before; before = blocks.at(-1)) {
      if (start(block) >= start(before) + before.width) break;
      blocks.pop();
      // A member's wish is for its own centre: less what stands before it in the block.
      const moved = block.cells.length * before.width;
      block = {
        cells: [...before.cells, ...block.cells],
        sum: before.sum + block.sum - moved,
        width: before.width + block.width,
      };
    }
    blocks.push(block);
  }
  for (const block of blocks) {
    let x = start(block);
    for (const c of block.cells) {
      c.x = x + (c.width + GAP) / 2;
      x += c.width + GAP;
    }
  }

  function start(block: { cells: Cell[]; sum: number }): number {
    const halves = block.cells.reduce((sum, c) => sum + (c.width + GAP) / 2, 0);
    return (block.sum - halves) / block.cells.length;
  }
}

/** Rows below each other; answers the height of all. */
function placeDown(rows: readonly (readonly Cell[])[]): number {
  let y = 0;
  for (const row of rows) {
    const height = Math.max(0, ...row.map((c) => c.height));
    for (const c of row) c.y = y + height / 2;
    y += height + RANK_GAP;
  }
  return y - RANK_GAP;
}
