import { sameBytes } from '../git-object.js';
import type { ReplicaId } from '../ids.js';
import { Writer } from '../wire/varint.js';
import { type Stroke, TextUpdateRefused } from './engine.js';
import { CONTENT_STRING, HAS_ORIGIN, HAS_RIGHT_ORIGIN, readTextUpdate, type TextUpdate } from './update-reader.js';

/** The stroke that an update comes to; `undefined` when it is another edit, or none that `updateOf` would give. */
export function strokeOf(update: Uint8Array, author: ReplicaId): Stroke | undefined {
  const read = reading(update);
  if (read === undefined) return undefined;
  const { client, inserts, deletes } = read;
  const [insert] = inserts;
  const [erased] = deletes;
  let stroke: Stroke | undefined;
  if (client === author && insert !== undefined && inserts.length === 1 && deletes.length === 0) {
    const { clock, text, origin, rightOrigin } = insert;
    if (origin !== undefined || rightOrigin !== undefined)
      stroke = { kind: 'typed', author, clock, text, origin, rightOrigin };
  } else if (insert === undefined && erased !== undefined && deletes.length === 1)
    stroke = { kind: 'erased', ...erased };
  return stroke !== undefined && sameBytes(updateOf(stroke), update) ? stroke : undefined;
}

/** How many characters its author has written when an update of his is in the text; `undefined` when it writes none. */
export function writtenAfter(update: Uint8Array, author: ReplicaId): number | undefined {
  const read = reading(update);
  const last = read?.client === author ? read.inserts.at(-1) : undefined;
  return last === undefined ? undefined : last.clock + last.length;
}

function reading(update: Uint8Array): TextUpdate | undefined {
  try {
    return readTextUpdate(update);
  } catch (error) {
    if (error instanceof TextUpdateRefused) return undefined;
    throw error;
  }
}

/** As Yjs puts it. */
export function updateOf(stroke: Stroke): Uint8Array {
  const writer = new Writer(32);
  if (stroke.kind === 'erased') {
    for (const number of [0, 1, stroke.client, 1, stroke.clock, stroke.length]) writer.varint(number);
    return writer.view();
  }
  const { author, clock, origin, rightOrigin, text } = stroke;
  for (const number of [1, 1, author, clock]) writer.varint(number);
  writer.byte(
    CONTENT_STRING | (origin === undefined ? 0 : HAS_ORIGIN) | (rightOrigin === undefined ? 0 : HAS_RIGHT_ORIGIN),
  );
  for (const neighbour of [origin, rightOrigin]) {
    if (neighbour === undefined) continue;
    writer.varint(neighbour.client);
    writer.varint(neighbour.clock);
  }
  writer.text(text);
  writer.byte(0);
  return writer.view();
}
