/** At an offset so many characters are deleted and others inserted. */
export type Patch = readonly [offset: number, deleted: number, inserted: string];

/** What an author did in one go, upon the merged text of `parents` and all before these. */
export interface Deed {
  readonly author: number;
  /** Indices of earlier deeds. */
  readonly parents: readonly number[];
  readonly patches: readonly Patch[];
}

/** How a text that began empty was written. Each author's deeds follow on one another. */
export interface History {
  readonly name: string;
  readonly authors: number;
  readonly deeds: readonly Deed[];
  /** What comes out, where it is known. */
  readonly end?: string;
}

/** The deeds of others that an author has to hear of before each of his own, and at the end; in order. */
export interface Deliveries {
  readonly before: readonly (readonly number[])[];
  /** By author. */
  readonly end: readonly (readonly number[])[];
}

export function deliveriesOf({ authors, deeds }: History): Deliveries {
  const known = Array.from({ length: authors }, () => new Set<number>());
  const hear = (author: number, wanted: readonly number[]): number[] => {
    const fresh: number[] = [];
    const open = [...wanted];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (known[author]?.has(next)) continue;
      known[author]?.add(next);
      fresh.push(next);
      open.push(...(deeds[next]?.parents ?? []));
    }
    return fresh.filter((index) => deeds[index]?.author !== author).sort((a, b) => a - b);
  };
  const before = deeds.map(({ author, parents }, index) => {
    const heard = hear(author, parents);
    known[author]?.add(index);
    return heard;
  });
  return { before, end: known.map((_, author) => hear(author, Array.from(deeds.keys()))) };
}
