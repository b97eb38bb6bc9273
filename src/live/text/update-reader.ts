import { type CharacterId, type CharacterRun, TextUpdateRefused } from './engine.js';

/** Text that an update brings: its first character, and the characters it was put between. */
export interface InsertedRun {
  readonly clock: number;
  readonly length: number;
  readonly text: string;
  readonly origin: CharacterId | undefined;
  readonly rightOrigin: CharacterId | undefined;
}

/** What an update of one replica says. */
export interface TextUpdate {
  /** Who wrote the inserted text; `undefined`: none was inserted. */
  readonly client: number | undefined;
  readonly inserts: readonly InsertedRun[];
  readonly deletes: readonly CharacterRun[];
}

/** The root that holds the text. It stands in each update that is put between nothing and nothing, so it is short. */
export const ROOT = 't';

// The layout is Yjs' update format, version 1 (`UpdateEncoderV1`), cut down to what a text without formats needs: at most one client's strings, then deletions.
export const CONTENT_STRING = 4;
export const HAS_ORIGIN = 0x80;
export const HAS_RIGHT_ORIGIN = 0x40;
const CONTENT_BITS = 0x1f;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Reader {
  private at = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new TextUpdateRefused('The update is cut off.');
    this.at += 1;
    return byte;
  }

  /** At most five bytes, so that sums of what is read stay exact. */
  number(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new TextUpdateRefused('The update holds too large a number.');
  }

  string(): string {
    const length = this.number();
    if (length > this.left) throw new TextUpdateRefused('The update is cut off.');
    this.at += length;
    const first = this.bytes[this.at - length] ?? 0;
    // Most of what is typed is one character, for which a decoder takes much longer.
    if (length === 1 && first < 128) return String.fromCharCode(first);
    try {
      return utf8.decode(this.bytes.subarray(this.at - length, this.at));
    } catch {
      throw new TextUpdateRefused('The update holds text that is not UTF-8.');
    }
  }

  /** How many things follow, of which each takes at least `size` bytes: nothing is allocated upon a mere claim. */
  count(size: number): number {
    const count = this.number();
    if (count * size > this.left) throw new TextUpdateRefused('The update is cut off.');
    return count;
  }

  character(): CharacterId {
    return { client: this.number(), clock: this.number() };
  }
}

/**
 * Reads an update and accepts nothing but text inserted into the root by at most one client, and deletions.
 * @throws TextUpdateRefused
 */
export function readTextUpdate(update: Uint8Array): TextUpdate {
  const reader = new Reader(update);
  const clients = reader.count(3);
  if (clients > 1) throw new TextUpdateRefused('The update inserts in the name of several.');
  const inserts: InsertedRun[] = [];
  let client: number | undefined;
  if (clients === 1) {
    const count = reader.count(4);
    client = reader.number();
    let clock = reader.number();
    for (let index = 0; index < count; index += 1) {
      const run = readInsert(reader, clock);
      inserts.push(run);
      clock += run.length;
    }
    if (count === 0) throw new TextUpdateRefused('The update names a client that inserts nothing.');
  }
  const deletes: CharacterRun[] = [];
  for (let groups = reader.count(4); groups > 0; groups -= 1) {
    const of = reader.number();
    for (let count = reader.count(2); count > 0; count -= 1) {
      const run = { client: of, clock: reader.number(), length: reader.number() };
      if (run.length === 0) throw new TextUpdateRefused('The update deletes nothing.');
      deletes.push(run);
    }
  }
  if (reader.left > 0) throw new TextUpdateRefused('Something follows the update.');
  return { client, inserts, deletes };
}

function readInsert(reader: Reader, clock: number): InsertedRun {
  const info = reader.byte();
  if ((info & CONTENT_BITS) !== CONTENT_STRING || (info & ~(CONTENT_BITS | HAS_ORIGIN | HAS_RIGHT_ORIGIN)) !== 0)
    throw new TextUpdateRefused('The update holds something other than text.');
  const origin = (info & HAS_ORIGIN) === 0 ? undefined : reader.character();
  const rightOrigin = (info & HAS_RIGHT_ORIGIN) === 0 ? undefined : reader.character();
  if (origin === undefined && rightOrigin === undefined && (reader.number() !== 1 || reader.string() !== ROOT))
    throw new TextUpdateRefused('The update writes somewhere else than into the text.');
  const text = reader.string();
  if (text === '') throw new TextUpdateRefused('The update inserts nothing.');
  return { clock, length: text.length, text, origin, rightOrigin };
}
