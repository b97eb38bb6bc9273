/** Equal stretches of two sequences: `length` elements from `a` and `b` on. */
export interface Match {
  readonly a: number;
  readonly b: number;
  readonly length: number;
}

type Sequence = Int32Array | Uint16Array;

interface Reached {
  readonly matches: Match[];
  readonly x: number;
  readonly y: number;
}

/** Steps that may still be spent; whoever runs out gives a coarser answer. */
export interface Effort {
  left: number;
}

/**
 * What two sequences share when the fewest elements are deleted and inserted (Myers 1986, the greedy algorithm), in order; `undefined` when more than `limit` would be, or
 * when the effort is spent. Memory grows with the square of what is found, so `limit` bounds it.
 */
export function shortestEdit(a: Sequence, b: Sequence, limit: number, effort: Effort): Match[] | undefined {
  const { matches, x, y } = advance(a, b, limit, effort);
  return x === a.length && y === b.length ? matches : undefined;
}

/** As `shortestEdit`; but beyond the limit it goes on from the furthest point found, and stops where nothing more is shared. */
export function shortEdit(a: Sequence, b: Sequence, limit: number, effort: Effort): Match[] {
  const all: Match[] = [];
  let fromA = 0;
  let fromB = 0;
  while (fromA < a.length && fromB < b.length) {
    const { matches, x, y } = advance(a.subarray(fromA), b.subarray(fromB), limit, effort);
    if (matches.length === 0) break;
    for (const match of matches) all.push({ a: match.a + fromA, b: match.b + fromB, length: match.length });
    fromA += x;
    fromB += y;
  }
  return all;
}

/** What is shared up to the end of both, or to the furthest point within `limit`. */
function advance(a: Sequence, b: Sequence, limit: number, effort: Effort): Reached {
  const most = Math.min(limit, a.length + b.length);
  const middle = most + 1;
  /** By diagonal (a's index less b's): the furthest point reached. */
  const furthest = new Int32Array(2 * most + 3);
  const rounds: Int32Array[] = [];
  for (let round = 0; ; round += 1) {
    let best = 0;
    let bestDiagonal = 0;
    for (let diagonal = -round; diagonal <= round; diagonal += 2) {
      const below = furthest[middle + diagonal - 1] ?? 0;
      const above = furthest[middle + diagonal + 1] ?? 0;
      let x = round === 0 ? 0 : inserts(diagonal, round, below, above) ? above : below + 1;
      let y = x - diagonal;
      const from = x;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x += 1;
        y += 1;
      }
      furthest[middle + diagonal] = x;
      effort.left -= 1 + x - from;
      if (x >= a.length && y >= b.length) return { matches: trace(rounds, x, diagonal), x, y };
      if (x <= a.length && y <= b.length && x + y > 2 * best - bestDiagonal) {
        best = x;
        bestDiagonal = diagonal;
      }
    }
    if (round === most || effort.left < 0)
      return { matches: trace(rounds, best, bestDiagonal), x: best, y: best - bestDiagonal };
    rounds.push(furthest.slice(middle - round, middle + round + 1));
  }
}

/** Whether a round enters a diagonal by an insertion from the one above, rather than by a deletion from the one below. */
function inserts(diagonal: number, round: number, below: number, above: number): boolean {
  return diagonal === -round || (diagonal !== round && below < above);
}

/** Goes back from the end over what each round had reached before. */
function trace(rounds: readonly Int32Array[], end: number, diagonalOfEnd: number): Match[] {
  const matches: Match[] = [];
  let x = end;
  let diagonal = diagonalOfEnd;
  for (let round = rounds.length; round > 0; round -= 1) {
    const before = rounds[round - 1];
    const below = before?.[round - 2 + diagonal] ?? 0;
    const above = before?.[round + diagonal] ?? 0;
    const inserted = inserts(diagonal, round, below, above);
    const from = inserted ? above : below + 1;
    if (x > from) matches.push({ a: from, b: from - diagonal, length: x - from });
    x = inserted ? above : below;
    diagonal += inserted ? 1 : -1;
  }
  if (x > 0) matches.push({ a: 0, b: 0, length: x });
  return matches.toReversed();
}
