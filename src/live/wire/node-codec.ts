import { LiveError } from '../errors.js';
import { baseNode, compareStamps, madeNode, type EpochId, type NodeId, type OperationId } from '../ids.js';
import { readOlderEpochId, readOperationId, readPath, writeEpochId, writeOperationId, writePath } from './fields.js';
import { Refused } from './refusal.js';
import type { Reader, Writer } from './varint.js';

/** What a node's id says. */
export interface NodeParts {
  readonly epoch: EpochId;
  /** Of a base entry. */
  readonly path?: string;
  /** Of a made one. */
  readonly by?: OperationId;
}

/** `undefined`: it is no id of a node. */
export function partsOfNode(node: NodeId): NodeParts | undefined {
  const match = /^(?:b(\d+)\.(\d+)\/|c(\d+)\.(\d+)\.(\d+)\.(\d+)$)/.exec(node);
  if (match === null) return undefined;
  const epoch = { time: Number(match[1] ?? match[3]), replica: Number(match[2] ?? match[4]) };
  if (match[1] !== undefined) {
    const path = node.slice(match[0].length);
    return baseNode(epoch, path) === node ? { epoch, path } : undefined;
  }
  const by = { replica: Number(match[5]), seq: Number(match[6]) };
  return madeNode(epoch, by) === node ? { epoch, by } : undefined;
}

/** A node in full, as seen from `epoch`. */
export function readNode(reader: Reader, epoch: EpochId): NodeId {
  const form = reader.byte();
  if (form > 3) throw new Refused('MALFORMED', `There is no form ${form} of a node.`);
  const of = form < 2 ? epoch : readOlderEpochId(reader, epoch);
  return form % 2 === 0 ? baseNode(of, readPath(reader)) : madeNode(of, readOperationId(reader));
}

/** @throws LiveError ARGUMENT_INVALID, NAME_INVALID */
export function writeNode(writer: Writer, epoch: EpochId, node: NodeId): void {
  const parts = partsOfNode(node);
  if (parts === undefined) throw new LiveError('ARGUMENT_INVALID', `${JSON.stringify(node)} is no node.`);
  const older = compareStamps(parts.epoch, epoch) !== 0;
  writer.byte((older ? 2 : 0) + (parts.by === undefined ? 0 : 1));
  if (older) writeEpochId(writer, parts.epoch);
  if (parts.by !== undefined) writeOperationId(writer, parts.by);
  else writePath(writer, parts.path ?? '');
}

/** A node, or none. */
export function readOptionalNode(reader: Reader, epoch: EpochId): NodeId | null {
  const there = reader.byte();
  if (there > 1) throw new Refused('MALFORMED', 'It neither is there nor is not.');
  return there === 1 ? readNode(reader, epoch) : null;
}
