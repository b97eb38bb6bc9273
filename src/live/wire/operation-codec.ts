import type { EpochId, NodeId, Oid, OperationId, ReplicaId } from '../ids.js';
import type { MadeType } from '../operation.js';
import {
  readName,
  readOid,
  readOperationId,
  readReplica,
  readSeq,
  SEQ_LIMIT,
  TIME_JUMP,
  writeNumber,
  writeOid,
  writeOperationId,
  writePath,
  writeReplica,
} from './fields.js';
import { readNode, writeNode } from './node-codec.js';
import type { Abbreviated } from './own-id.js';
import { Refused } from './refusal.js';
import { writeStroke, type WireStroke } from './stroke-codec.js';
import type { Reader, Writer } from './varint.js';

/** A node as an operation's bytes name it: by the author's number for it, or in full. */
export type NodeReference = number | NodeId;

/** What its author had newly seen: the replica by the author's number for it, or in full. */
export interface Dep {
  readonly number: number;
  /** Only when `number` is 0. */
  readonly replica?: ReplicaId;
  readonly seq: number;
}

/** What is no stroke. */
export type WireDeed =
  | {
      readonly kind: 'create';
      /** `null`: the entry that the operation itself makes. */
      readonly node: NodeReference | null;
      readonly parent: NodeReference;
      readonly name: string;
      readonly type: MadeType;
      readonly executable: boolean;
    }
  | {
      readonly kind: 'move';
      readonly node: NodeReference;
      readonly parent: NodeReference | null;
      readonly name: string;
    }
  | {
      readonly kind: 'text';
      readonly node: NodeReference;
      /** `undefined`: as the author said before. */
      readonly base: Oid | null | undefined;
      readonly update: Abbreviated;
    }
  | { readonly kind: 'content'; readonly node: NodeReference; readonly bytes: Uint8Array }
  | { readonly kind: 'mode'; readonly node: NodeReference; readonly executable: boolean }
  | {
      readonly kind: 'conflict';
      readonly node: NodeReference;
      readonly at: Uint8Array;
      readonly before: string;
      readonly ours: string;
    }
  | { readonly kind: 'resolve'; readonly conflict: OperationId };

export type WireAction = WireDeed | WireStroke;

/** An operation as its bytes say it, before anything it refers to is looked up. */
export interface WireOperation<Action extends WireAction = WireAction> {
  /** How much later than need be its time is. */
  readonly step: number;
  readonly deps: readonly Dep[];
  readonly action: Action;
}

const TYPES: readonly MadeType[] = ['directory', 'text', 'binary', 'symlink'];
const ACTIONS: readonly (WireAction['kind'] | undefined)[] = [
  undefined,
  'create',
  'move',
  'text',
  'content',
  'mode',
  'conflict',
  'resolve',
  'typed',
  'erased',
];
const STEP = 16;
const DEPS = 32;
const VARIANT = 64;
/** An update without its author, or several characters erased. */
export const FURTHER = 128;
/** In a message, of one that types: its text is that of several operations, a character each. */
export const RUN = 128;
const NO_GAPS: readonly number[] = [];
const NO_DEPS: readonly Dep[] = [];

/** What `kindOf` gives for strokes. */
export const TYPED = ACTIONS.indexOf('typed');
export const ERASED = ACTIONS.indexOf('erased');
/** The first byte of one that types, and has nothing to say but what. */
export const GOES_ON = VARIANT | TYPED;
/** The first byte, and the only one, of one that erases the character before the one erased before. */
export const ERASES_ON = VARIANT | ERASED;

/** What the first byte of an operation says of its action. */
export function actionOf(head: number): { kind: WireAction['kind'] | undefined; variant: boolean } {
  return { kind: ACTIONS[kindOf(head)], variant: (head & VARIANT) !== 0 };
}

/** The number of an action. */
export function kindOf(head: number): number {
  return head & 15;
}

/** Whether a stroke goes on from the one before, and says nothing of where it is. */
export function goesOn(head: number): boolean {
  return (head & VARIANT) !== 0;
}

/** Reads one operation of `epoch`, no stroke, whose first byte has been read. */
export function readOperation(reader: Reader, epoch: EpochId, head: number): WireOperation<WireDeed> {
  const { kind, variant } = actionOf(head);
  const further = (head & FURTHER) !== 0;
  if (kind === undefined || (further && kind !== 'text') || kind === 'typed' || kind === 'erased')
    throw new Refused('KIND_UNKNOWN', `This version does not know an operation that begins with ${head}.`);
  const step = readStep(reader, head);
  const deps = readDeps(reader, head);
  return { step, deps, action: readAction(reader, epoch, kind, variant, further) };
}

/** What follows upon the first byte. */
export function readStep(reader: Reader, head: number): number {
  return (head & STEP) === 0 ? 0 : reader.within(1, TIME_JUMP, 'A step in time');
}

/** What follows upon the step. */
export function readDeps(reader: Reader, head: number): readonly Dep[] {
  if ((head & DEPS) === 0) return NO_DEPS;
  const count = reader.within(1, Math.floor(reader.left / 2), 'The number of deps');
  // Mostly one: an array that grows would take many times as much.
  const deps = [readDep(reader)];
  while (deps.length < count) deps.push(readDep(reader));
  return deps;
}

function readDep(reader: Reader): Dep {
  const number = reader.varint();
  return number === 0
    ? { number, replica: readReplica(reader), seq: readSeq(reader) }
    : { number, seq: readSeq(reader) };
}

function readReference(reader: Reader, epoch: EpochId): NodeReference {
  const number = reader.varint();
  return number === 0 ? readNode(reader, epoch) : number;
}

function readAction(
  reader: Reader,
  epoch: EpochId,
  kind: WireDeed['kind'],
  variant: boolean,
  further: boolean,
): WireDeed {
  if (variant && (kind === 'content' || kind === 'conflict' || kind === 'resolve'))
    throw new Refused('KIND_UNKNOWN', `This version does not know that variant of ${kind}.`);
  switch (kind) {
    case 'create': {
      const node = variant ? readReference(reader, epoch) : null;
      const parent = readReference(reader, epoch);
      const name = readName(reader);
      const flags = reader.byte();
      const type = TYPES[flags & 3];
      if (flags > 7 || type === undefined) throw new Refused('MALFORMED', `There is no type ${flags} of an entry.`);
      return { kind, node, parent, name, type, executable: flags > 3 };
    }
    case 'move': {
      const node = readReference(reader, epoch);
      if (!variant) return { kind, node, parent: readReference(reader, epoch), name: readName(reader) };
      // The name is of no use in the trash; it may be empty there.
      if (reader.bytes[reader.at] !== 0 || reader.left === 0)
        return { kind, node, parent: null, name: readName(reader) };
      reader.byte();
      return { kind, node, parent: null, name: '' };
    }
    case 'text': {
      const node = readReference(reader, epoch);
      const base = variant ? readOid(reader) : undefined;
      return { kind, node, base, update: readUpdate(reader, further) };
    }
    case 'content':
      return { kind, node: readReference(reader, epoch), bytes: reader.block() };
    case 'mode':
      return { kind, node: readReference(reader, epoch), executable: variant };
    case 'conflict':
      return {
        kind,
        node: readReference(reader, epoch),
        at: reader.block(),
        before: reader.text(),
        ours: reader.text(),
      };
    case 'resolve':
      return { kind, conflict: readOperationId(reader) };
  }
}

function readUpdate(reader: Reader, abbreviated: boolean): Abbreviated {
  const gaps = abbreviated ? readGaps(reader) : NO_GAPS;
  const length = reader.varint();
  const start = reader.at;
  reader.skip(length);
  if (length === 0 && !abbreviated) throw new Refused('MALFORMED', 'An edit of a text is empty.');
  let least = 0;
  for (const gap of gaps) least += gap;
  if (least > length) throw new Refused('MALFORMED', 'An edit of a text ends before its author is named.');
  return { bytes: reader.bytes, start, end: reader.at, gaps };
}

function readGaps(reader: Reader): number[] {
  const gaps: number[] = [];
  for (let count = reader.within(1, reader.left, 'How often the author is named'); count > 0; count -= 1)
    gaps.push(reader.varint());
  return gaps;
}

/** @throws LiveError ARGUMENT_INVALID, NAME_INVALID. Not all that a reader refuses is seen here. */
export function writeOperation(writer: Writer, epoch: EpochId, { step, deps, action }: WireOperation): void {
  const head = ACTIONS.indexOf(action.kind) | (step > 0 ? STEP : 0) | (deps.length > 0 ? DEPS : 0);
  writer.byte(head | (isVariant(action) ? VARIANT : 0) | (isFurther(action) ? FURTHER : 0));
  if (step > 0) writer.varint(step);
  if (deps.length > 0) writer.varint(deps.length);
  for (const { number, replica, seq } of deps) {
    writer.varint(number);
    if (replica !== undefined) writeReplica(writer, replica);
    writeNumber(writer, seq, 1, SEQ_LIMIT, 'A seq');
  }
  writeAction(writer, epoch, action);
}

function isVariant(action: WireAction): boolean {
  switch (action.kind) {
    case 'create':
      return action.node !== null;
    case 'move':
      return action.parent === null;
    case 'text':
      return action.base !== undefined;
    case 'mode':
      return action.executable;
    case 'typed':
    case 'erased':
      return action.place === undefined;
    default:
      return false;
  }
}

function isFurther(action: WireAction): boolean {
  if (action.kind === 'text') return action.update.gaps.length > 0;
  return action.kind === 'erased' && action.place !== undefined && action.place.length > 1;
}

function writeReference(writer: Writer, epoch: EpochId, node: NodeReference): void {
  if (typeof node === 'number') {
    writer.varint(node);
    return;
  }
  writer.byte(0);
  writeNode(writer, epoch, node);
}

function writeAction(writer: Writer, epoch: EpochId, action: WireAction): void {
  if (action.kind === 'resolve') {
    writeOperationId(writer, action.conflict);
    return;
  }
  if (action.kind === 'typed' || action.kind === 'erased') {
    writeStroke(writer, action);
    return;
  }
  if (action.node !== null) writeReference(writer, epoch, action.node);
  switch (action.kind) {
    case 'create':
      writeReference(writer, epoch, action.parent);
      writePath(writer, action.name);
      writer.byte(TYPES.indexOf(action.type) + (action.executable ? 4 : 0));
      break;
    case 'move':
      if (action.parent !== null) writeReference(writer, epoch, action.parent);
      writePath(writer, action.name);
      break;
    case 'text':
      if (action.base !== undefined) writeOid(writer, action.base);
      if (action.update.gaps.length > 0) writer.varint(action.update.gaps.length);
      for (const gap of action.update.gaps) writer.varint(gap);
      writer.block(action.update.bytes.subarray(action.update.start, action.update.end));
      break;
    case 'content':
      writer.block(action.bytes);
      break;
    case 'conflict':
      writer.block(action.at);
      writer.text(action.before);
      writer.text(action.ours);
      break;
    case 'mode':
      break;
  }
}
