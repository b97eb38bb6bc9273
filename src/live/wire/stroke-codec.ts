import { Refused } from './refusal.js';
import type { Reader, Writer } from './varint.js';

/** A character as a stroke names it. */
export interface CharacterReference {
  /** 1: one of the author's own, 2: of the base, else by 2 less the author's number of the replica that wrote it. */
  readonly by: number;
  /** The how-manieth it was; of one's own: how far back from what is written next. */
  readonly clock: number;
}

/** UTF-8 as it lies there: a view of its own for each would cost more than all the rest of reading it. */
export interface Utf8 {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
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
  | { readonly kind: 'typed'; readonly place: TypedPlace | undefined; readonly text: Utf8 }
  | { readonly kind: 'erased'; readonly place: ErasedPlace | undefined };

const OWN = 1;
/** Numbers in updates take at most five bytes. */
const CLOCK_LIMIT = 2 ** 35 - 1;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function readTyped(reader: Reader, goesOn: boolean): WireStroke {
  let place: TypedPlace | undefined;
  if (!goesOn) {
    place = { node: readNumber(reader), origin: readCharacter(reader), rightOrigin: readCharacter(reader) };
    if (place.origin === undefined && place.rightOrigin === undefined)
      throw new Refused('MALFORMED', 'Text is typed next to nothing.');
  }
  return { kind: 'typed', place, text: readUtf8(reader) };
}

/** Goes to behind the place of what is typed. */
export function skipTypedPlace(reader: Reader): void {
  readNumber(reader);
  readCharacter(reader);
  readCharacter(reader);
}

export function readErased(reader: Reader, goesOn: boolean, several: boolean): WireStroke {
  if (goesOn) return { kind: 'erased', place: undefined };
  const node = readNumber(reader);
  const first = readCharacter(reader);
  if (first === undefined) throw new Refused('MALFORMED', 'Nothing is erased.');
  const length = several ? reader.within(2, CLOCK_LIMIT, 'How much is erased') : 1;
  return { kind: 'erased', place: { node, first, length } };
}

function readNumber(reader: Reader): number {
  const number = reader.varint();
  if (number === 0) throw new Refused('MALFORMED', 'The text that a key struck changes has no number.');
  return number;
}

function readCharacter(reader: Reader): CharacterReference | undefined {
  const by = reader.varint();
  return by === 0 ? undefined : { by, clock: reader.within(by === OWN ? 1 : 0, CLOCK_LIMIT, 'A character') };
}

function readUtf8(reader: Reader): Utf8 {
  const length = reader.varint();
  if (length === 0) throw new Refused('MALFORMED', 'Nothing is typed.');
  const start = reader.at;
  reader.skip(length);
  const text = { bytes: reader.bytes, start, end: reader.at };
  if (isAscii(text)) return text;
  try {
    strict.decode(text.bytes.subarray(text.start, text.end));
  } catch {
    throw new Refused('MALFORMED', 'A text is not valid UTF-8.');
  }
  return text;
}

function isAscii({ bytes, start, end }: Utf8): boolean {
  for (let at = start; at < end; at += 1) if ((bytes[at] ?? 0) > 127) return false;
  return true;
}

export function textOf({ bytes, start, end }: Utf8): string {
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
    const { bytes, start, end } = stroke.text;
    writer.block(bytes.subarray(start, end));
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
