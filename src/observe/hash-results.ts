import type { HashResult } from './hash-file.js';

const bytesEach = 60;
const states = { none: 0, done: 1, gone: 2, failed: 3, whole: 4 } as const;

/** `whole`: a directory that is tracked as one, of which there is nothing to hash. */
export type Outcome = HashResult | { readonly kind: 'whole' };

/** Results of many files by their number, 61 bytes each: a million fit into memory. Reasons and freshness are not kept. */
export class HashResults {
  #states = new Uint8Array(1024);
  #bytes = Buffer.alloc(1024 * bytesEach);

  set(index: number, result: Outcome): void {
    while (index >= this.#states.length) this.#grow();
    this.#states[index] = states[result.kind];
    if (result.kind !== 'done') return;
    const at = index * bytesEach;
    this.#bytes.writeBigUInt64LE(result.size, at);
    this.#bytes.write(result.sha1, at + 8, 'hex');
    this.#bytes.write(result.sha256, at + 28, 'hex');
  }

  /** What was not set counts as gone. */
  get(index: number): Outcome {
    const state = this.#states[index];
    if (state === states.failed) return { kind: 'failed', reason: '' };
    if (state === states.whole) return { kind: 'whole' };
    if (state !== states.done) return { kind: 'gone' };
    const at = index * bytesEach;
    return {
      kind: 'done',
      size: this.#bytes.readBigUInt64LE(at),
      sha1: this.#bytes.toString('hex', at + 8, at + 28),
      sha256: this.#bytes.toString('hex', at + 28, at + 60),
      fresh: false,
    };
  }

  #grow(): void {
    const [all, bytes] = [new Uint8Array(this.#states.length * 2), Buffer.alloc(this.#bytes.length * 2)];
    all.set(this.#states);
    bytes.set(this.#bytes);
    [this.#states, this.#bytes] = [all, bytes];
  }
}
