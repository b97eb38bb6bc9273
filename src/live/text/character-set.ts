import type { CharacterRun } from './engine.js';

interface Span {
  start: number;
  end: number;
}

/** A set of characters, kept as runs. Everything is added first, then asked. */
export class CharacterSet {
  private readonly spans = new Map<number, Span[]>();
  private sorted = true;

  add({ client, clock, length }: CharacterRun): void {
    let spans = this.spans.get(client);
    if (spans === undefined) this.spans.set(client, (spans = []));
    const last = spans.at(-1);
    if (last !== undefined && clock >= last.start && clock <= last.end) last.end = Math.max(last.end, clock + length);
    else {
      if (last !== undefined && clock < last.start) this.sorted = false;
      spans.push({ start: clock, end: clock + length });
    }
  }

  /** Whether a character is in the set, and up to which clock (not including it) that is so for those after it. */
  stretch(client: number, clock: number): { readonly inside: boolean; readonly end: number } {
    if (!this.sorted) this.sort();
    const spans = this.spans.get(client) ?? [];
    let low = 0;
    let high = spans.length;
    // The first span that ends after `clock`.
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((spans[middle]?.end ?? 0) <= clock) low = middle + 1;
      else high = middle;
    }
    const span = spans[low];
    if (span === undefined) return { inside: false, end: Number.POSITIVE_INFINITY };
    return span.start <= clock ? { inside: true, end: span.end } : { inside: false, end: span.start };
  }

  private sort(): void {
    for (const [client, spans] of this.spans) {
      const joined: Span[] = [];
      for (const span of spans.toSorted((a, b) => a.start - b.start)) {
        const last = joined.at(-1);
        if (last !== undefined && span.start <= last.end) last.end = Math.max(last.end, span.end);
        else joined.push(span);
      }
      this.spans.set(client, joined);
    }
    this.sorted = true;
  }
}
