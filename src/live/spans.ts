/** Operations of one author that came one after the other: seqs `first` to `last`. */
export interface Span<A> {
  readonly author: A;
  readonly first: number;
  last: number;
}

/** Operations in an order, kept as spans: most follow on one of the same author. */
export class Spans<A> {
  readonly #spans: Span<A>[] = [];

  push(author: A, first: number, last: number): void {
    const before = this.#spans.at(-1);
    if (before !== undefined && before.author === author && before.last === first - 1) before.last = last;
    else this.#spans.push({ author, first, last });
  }

  [Symbol.iterator](): IterableIterator<Readonly<Span<A>>> {
    return this.#spans.values();
  }
}
