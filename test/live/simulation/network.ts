import { pick } from './random.js';

/** Everything sent that may still arrive: in any order, late, twice, or not before a partition is healed. */
export class Network {
  readonly #waiting: { readonly from: number; readonly to: number; readonly bytes: Uint8Array }[] = [];
  /** Which side of the partition each is on. */
  #side = new Map<number, number>();

  send(from: number, to: Iterable<number>, bytes: Uint8Array): void {
    for (const replica of to) if (replica !== from) this.#waiting.push({ from, to: replica, bytes });
  }

  partition(sides: Map<number, number>): void {
    this.#side = sides;
  }

  heal(): void {
    this.#side = new Map();
  }

  /** Who is gone receives nothing any more; what he sent is on its way. */
  forget(replica: number): void {
    const rest = this.#waiting.filter(({ to }) => to !== replica);
    this.#waiting.splice(0, this.#waiting.length, ...rest);
  }

  /** Something that arrives now; with `again` it will arrive once more. */
  next(share: number, again: boolean): { readonly to: number; readonly bytes: Uint8Array } | undefined {
    const possible = this.#waiting.filter(({ from, to }) => this.#side.get(from) === this.#side.get(to));
    const message = pick(possible, share);
    if (message === undefined) return undefined;
    if (!again) this.#waiting.splice(this.#waiting.indexOf(message), 1);
    return message;
  }
}
