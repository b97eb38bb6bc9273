import { crc32c } from './crc32c.js';
import { Refused, type Refusal } from './refusal.js';
import { Reader, Writer } from './varint.js';

// docs/formats.md, "Live: operations on the wire", is the contract of everything in this folder.

const MAGIC = Uint8Array.of(0x6d, 0x7a, 0x6c);
export const WIRE_VERSION = 2;
const LONGEST = 2 ** 30;

/** What kinds of messages there are. */
export const KIND = { operations: 1, epoch: 2, presence: 3 } as const;

/** One message in its frame. */
export function enclose(kind: number, payload: Uint8Array): Uint8Array {
  const out = new Writer(payload.length + 16);
  out.raw(MAGIC);
  out.byte(WIRE_VERSION);
  out.byte(kind);
  out.block(payload);
  out.word(crc32c(out.view()));
  return out.view();
}

/** A message out of its frame. */
export interface Enclosed {
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** Takes the frames off all messages of an input; ends where the next one cannot be found. */
export function* disclose(bytes: Uint8Array): Generator<Enclosed | Refusal> {
  const reader = new Reader(bytes);
  while (reader.left > 0) {
    const start = reader.at;
    for (const expected of MAGIC) {
      if (reader.left > 0 && reader.byte() === expected) continue;
      yield {
        code: 'NOT_A_MESSAGE',
        message: `No message begins at byte ${start}; the rest of the input is not read.`,
      };
      return;
    }
    let version: number;
    let kind: number;
    let payload: Uint8Array;
    let sum: number;
    let ends: number;
    try {
      version = reader.byte();
      kind = reader.byte();
      payload = reader.block(LONGEST);
      ends = reader.at;
      sum = reader.word();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      yield {
        code: error.code === 'LIMIT' ? 'LIMIT' : 'TRUNCATED',
        message: `The message at byte ${start} is not all there: ${error.message}`,
      };
      return;
    }
    if (crc32c(bytes.subarray(start, ends)) !== sum)
      yield {
        code: 'CHECKSUM',
        message: `The message at byte ${start} was changed on its way: its checksum is another.`,
      };
    else if (version !== WIRE_VERSION)
      yield {
        code: 'VERSION_FOREIGN',
        message: `The message at byte ${start} is of version ${version} of the format; this one reads version ${WIRE_VERSION}.`,
      };
    else yield { kind, payload };
  }
}
