import { Random } from '../random.js';
import type { TextReplica } from '../texts/contender.js';
import { mizerText } from '../texts/mizer.js';
import type { Deed, History, Patch } from './history.js';

/** How often an author hears of all the others: once in so many of his edits. */
const apart = 60;

/** So many authors who type, correct themselves and go elsewhere, `edits` in all, and hear of one another now and then. */
export async function generatedHistory(authors: number, edits: number): Promise<History> {
  const random = new Random(authors);
  const replicas = await mizerText.open('', authors);
  const writers = replicas.map((replica) => new Writer(replica, random));
  const deeds: Deed[] = [];
  const updates: Uint8Array[] = [];
  const lastOf: (number | undefined)[] = Array.from({ length: authors }, () => undefined);
  const heard = replicas.map(() => 0);
  for (let index = 0; index < edits; index += 1) {
    const author = random.below(authors);
    const writer = writers[author];
    if (writer === undefined) continue;
    let parents = [lastOf[author]];
    if (random.below(apart) === 0) {
      for (let other = heard[author] ?? 0; other < index; other += 1) {
        if (deeds[other]?.author !== author) await writer.replica.apply(updates[other] ?? new Uint8Array());
      }
      heard[author] = index;
      writer.heard();
      parents = lastOf;
    }
    const { patch, update } = writer.write();
    deeds.push({ author, parents: parents.filter((parent) => parent !== undefined), patches: [patch] });
    updates.push(update);
    lastOf[author] = index;
  }
  const end = authors === 1 ? { end: replicas[0]?.text() ?? '' } : {};
  return { name: `generated, ${authors} ${authors === 1 ? 'author' : 'authors'}`, authors, deeds, ...end };
}

class Writer {
  readonly replica: TextReplica;
  readonly #random: Random;
  #cursor = 0;
  #length = 0;

  constructor(replica: TextReplica, random: Random) {
    this.replica = replica;
    this.#random = random;
  }

  /** Others wrote. */
  heard(): void {
    this.#length = this.replica.text().length;
  }

  write(): { readonly patch: Patch; readonly update: Uint8Array } {
    const length = this.#length;
    const random = this.#random;
    if (this.#cursor > length || random.below(40) === 0) this.#cursor = random.below(length + 1);
    const patch: Patch =
      this.#cursor > 0 && random.below(8) === 0
        ? [(this.#cursor -= 1), 1, '']
        : [this.#cursor, 0, random.below(6) === 0 ? ' ' : random.letter()];
    this.#cursor += patch[2].length;
    this.#length += patch[2].length - patch[1];
    return { patch, update: this.replica.edit(...patch) };
  }
}
