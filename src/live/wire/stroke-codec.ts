import { Refused } from './refusal.js';
import type { Reader, Writer } from './varint.js';

/** A character as a stroke names it. */
export interface CharacterReference {
  /** 1: one of the author's own, 2: of the base, else by 2 less the author's number of the replica that wrote it. */
  readonly by: number;
  /** The how-manieth it was; of one's own: how far back from what is written next. */
  readonly clock: number;
}

export interface TypedPlace {
  readonly node: number;
  /** Between which characters; one of them at least is there. */
  readonly origin: CharacterReference | undefined;
  readonly rightOrigin: CharacterReference | undefined;
}

export interface ErasedPlace {
  readonly node: number;
  readonly first: CharacterReference;
  readonly length: number;
}

/** An edit of a text that is told short. Without a place it goes on from its author's operation before: behind what that typed, or before what it erased. */
export type WireStroke =
  | { readonly kind: 'typed'; readonly place: TypedPlace | undefined; readonly text: Uint8Array }
  | { readonly kind: 'erased'; readonly place: ErasedPlace | undefined };

const OWN = 1;
/** Numbers in updates take at most five bytes. */
const CLOCK_LIMIT = 2 ** 35 - 1;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Where a stroke is, as its bytes say: one object is read into again and again, as one for each would cost more than reading. */
export class StrokePlace {
  /** The number of the text. */
  node = 0;
  /** Left of what is typed; or the first that is erased. `by` 0: nothing. */
  leftBy = 0;
  leftClock = 0;
  /** Right of what is typed. */
  rightBy = 0;
  rightClock = 0;
  /** How many are erased. */
  length = 1;

  /** What stands behind the deps of a stroke that does not go on; `several`: a length follows. */
  read(reader: Reader, types: boolean, several: boolean): void {
    this.node = reader.varint();
    if (this.node === 0) throw new Refused('MALFORMED', 'The text that a key struck changes has no number.');
    this.leftBy = reader.varint();
    this.leftClock = readClock(reader, this.leftBy);
    this.rightBy = types ? reader.varint() : 0;
    this.rightClock = readClock(reader, this.rightBy);
    if (this.leftBy + this.rightBy === 0) throw new Refused('MALFORMED', 'A stroke is next to nothing.');
    this.length = !types && several ? reader.within(2, CLOCK_LIMIT, 'How much is erased') : 1;
  }
}

function readClock(reader: Reader, by: number): number {
  if (by === 0) return 0;
  return reader.within(by === OWN ? 1 : 0, CLOCK_LIMIT, 'A character');
}

/** Goes over so many bytes, which something types, and returns of how many characters they are. */
export function countTyped(reader: Reader, length: number): number {
  if (length === 0) throw new Refused('MALFORMED', 'Nothing is typed.');
  const { bytes, at: start } = reader;
  reader.skip(length);
  const end = reader.at;
  let at = start;
  while (at < end && (bytes[at] ?? 0) < 128) at += 1;
  if (at === end) return length;
  try {
    strict.decode(bytes.subarray(at, end));
  } catch {
    throw new Refused('MALFORMED', 'A text is not valid UTF-8.');
  }
  let count = at - start;
  for (; at < end; at += charactersBytes(bytes[at] ?? 0)) count += 1;
  return count;
}

/** What valid UTF-8 stands for. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  const first = bytes[start] ?? 0;
  return end === start + 1 && first < 128 ? String.fromCharCode(first) : strict.decode(bytes.subarray(start, end));
}

/** How many UTF-16 code units valid UTF-8 comes to. */
export function unitsIn(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80 || byte > 0xbf) count += byte < 0xf0 ? 1 : 2;
  }
  return count;
}

/** How many bytes of UTF-8 the character takes that begins with `byte`. */
export function charactersBytes(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

export function writeStroke(writer: Writer, stroke: WireStroke): void {
  if (stroke.kind === 'typed') {
    if (stroke.place !== undefined) {
      writer.varint(stroke.place.node);
      writeCharacter(writer, stroke.place.origin);
      writeCharacter(writer, stroke.place.rightOrigin);
    }
    writer.block(stroke.text);
  } else if (stroke.place !== undefined) {
    writer.varint(stroke.place.node);
    writeCharacter(writer, stroke.place.first);
    if (stroke.place.length > 1) writer.varint(stroke.place.length);
  }
}

function writeCharacter(writer: Writer, character: CharacterReference | undefined): void {
  writer.varint(character?.by ?? 0);
  if (character !== undefined) writer.varint(character.clock);
}
