import type { Totals } from './blob.js';

/** What two things hold together that share no file. */
export function sumOf(a: Totals, b: Totals): Totals {
  return {
    dirs: a.dirs + b.dirs,
    files: a.files + b.files,
    links: a.links + b.links,
    others: a.others + b.others,
    size: a.size + b.size,
  };
}

/** Above this a sum is carried over into a bigint, so that what is added stays exact. */
const carry = 2 ** 52;

/** A file that has more names than one: whether the others come, nobody knows. */
interface Linked {
  readonly size: bigint;
  readonly links: number;
  seen: number;
}

/**
 * Counts what is at and below a directory, by the rules of a bundle. Files with several names are kept until all their names were seen, so
 * that each counts once wherever the names are.
 */
export class TotalsCounter {
  dirs = 0;
  files = 0;
  links = 0;
  others = 0;
  #size = 0;
  #carried = 0n;
  #linked: Map<string | number, Linked> | undefined;

  /** A file with one name. */
  addFile(size: number): void {
    this.files += 1;
    if (size > carry) this.#carried += BigInt(size);
    else {
      this.#size += size;
      if (this.#size > carry) this.#settle();
    }
  }

  /** A file of any size with `links` names. @param key tells it from all other files */
  addLinked(size: bigint, key: string | number, links: number): void {
    this.files += 1;
    this.#linked ??= new Map();
    const known = this.#linked.get(key);
    if (known === undefined) {
      this.#carried += size;
      if (links > 1) this.#linked.set(key, { size, links, seen: 1 });
    } else this.#see(this.#linked, key, known, 1);
  }

  /** What a record says of a subtree that cannot be looked at. */
  addTotals({ dirs, files, links, others, size }: Totals): void {
    this.dirs += dirs;
    this.files += files;
    this.links += links;
    this.others += others;
    this.#carried += size;
  }

  /** All that `other` has counted, which must not be used any more. */
  addAll(other: TotalsCounter): void {
    this.addTotals({
      dirs: other.dirs,
      files: other.files,
      links: other.links,
      others: other.others,
      size: other.size,
    });
    const [small, large] =
      (this.#linked?.size ?? 0) < (other.#linked?.size ?? 0)
        ? [this.#linked, other.#linked]
        : [other.#linked, this.#linked];
    if (large === undefined) return;
    this.#linked = large;
    for (const [key, linked] of small ?? []) {
      const known = large.get(key);
      if (known === undefined) large.set(key, linked);
      else {
        this.#carried -= linked.size;
        this.#see(large, key, known, linked.seen);
      }
    }
  }

  get size(): bigint {
    return this.#carried + BigInt(this.#size);
  }

  totals(): Totals {
    return { dirs: this.dirs, files: this.files, links: this.links, others: this.others, size: this.size };
  }

  #see(map: Map<string | number, Linked>, key: string | number, linked: Linked, times: number): void {
    linked.seen += times;
    if (linked.seen >= linked.links) map.delete(key);
  }

  #settle(): void {
    this.#carried += BigInt(this.#size);
    this.#size = 0;
  }
}
