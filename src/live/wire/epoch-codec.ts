import { LiveError } from '../errors.js';
import type { NodeId } from '../ids.js';
import type { Epoch } from '../operation.js';
import {
  readEpochId,
  readOid,
  readOlderEpochId,
  readPath,
  readVector,
  SEQ_LIMIT,
  writeEpochId,
  writeNumber,
  writeOid,
  writePath,
  writeVector,
} from './fields.js';
import { partsOfNode, readNode, writeNode } from './node-codec.js';
import { Refused } from './refusal.js';
import type { Reader, Writer } from './varint.js';

const KINDS: readonly Epoch['kind'][] = ['first', 'reset', 'commit'];
/** How many ancestors a record tells of. */
export const LINEAGE_LIMIT = 100;

export function readEpoch(reader: Reader): Epoch {
  const id = readEpochId(reader);
  const kind = KINDS[reader.byte()];
  if (kind === undefined) throw new Refused('KIND_UNKNOWN', 'This version does not know that kind of epoch.');
  const base = readOid(reader);
  const descent =
    kind === 'first' ? { parent: null, settled: new Map(), lineage: [], became: [] } : readDescent(reader, id);
  return { id, kind, base, ...descent, carried: reader.within(0, SEQ_LIMIT, 'The number of operations carried over') };
}

function readDescent(reader: Reader, id: Epoch['id']): Pick<Epoch, 'parent' | 'settled' | 'lineage' | 'became'> {
  const parent = readOlderEpochId(reader, id);
  const settled = readVector(reader);
  const lineage: Epoch['lineage'][number][] = [];
  let younger = parent;
  for (let count = reader.within(0, LINEAGE_LIMIT, 'The number of ancestors'); count > 0; count -= 1) {
    younger = readOlderEpochId(reader, younger);
    lineage.push({ epoch: younger, settled: readVector(reader) });
  }
  return { parent, settled, lineage, became: readBecame(reader, id) };
}

function readBecame(reader: Reader, id: Epoch['id']): Epoch['became'] {
  const became = new Map<NodeId, string>();
  // Form, time, replica, and the lengths of two paths: nothing shorter says where a node came to lie.
  for (let count = reader.within(0, Math.floor(reader.left / 8), 'The number of nodes'); count > 0; count -= 1) {
    if ((reader.bytes[reader.at] ?? 0) < 2)
      throw new Refused('REFERENCE_INVALID', 'What became is of the epoch itself.');
    const node = readNode(reader, id);
    const path = readPath(reader);
    if (became.has(node) || path === '' || partsOfNode(node)?.path === '')
      throw new Refused('REFERENCE_INVALID', 'A node became two things, or a root is among them.');
    became.set(node, path);
  }
  return Array.from(became, ([node, path]) => ({ node, path }));
}

/** @throws LiveError ARGUMENT_INVALID, NAME_INVALID. Not all that a reader refuses is seen here. */
export function writeEpoch(writer: Writer, epoch: Epoch): void {
  writeEpochId(writer, epoch.id);
  writer.byte(KINDS.indexOf(epoch.kind));
  writeOid(writer, epoch.base);
  if (epoch.parent !== null) {
    writeEpochId(writer, epoch.parent);
    writeVector(writer, epoch.settled);
    writeNumber(writer, epoch.lineage.length, 0, LINEAGE_LIMIT, 'The number of ancestors');
    for (const { epoch: ancestor, settled } of epoch.lineage) {
      writeEpochId(writer, ancestor);
      writeVector(writer, settled);
    }
    writer.varint(epoch.became.length);
    for (const { node, path } of epoch.became) {
      writeNode(writer, epoch.id, node);
      writePath(writer, path);
    }
  }
  if ((epoch.kind === 'first') !== (epoch.parent === null))
    throw new LiveError('ARGUMENT_INVALID', 'A first epoch has no parent, and every other has one.');
  writeNumber(writer, epoch.carried, 0, SEQ_LIMIT, 'The number of operations carried over');
}
