import type { Presence } from '../operation.js';
import { readEpochId, readReplica, writeEpochId, writeNumber, writeReplica } from './fields.js';
import { readOptionalNode, writeNode } from './node-codec.js';
import type { Reader, Writer } from './varint.js';

const LIFETIME_LIMIT = 86_400_000;
const SELECTIONS_LIMIT = 4096;
const ANCHOR_LIMIT = 1024;

export function readPresence(reader: Reader): Presence {
  const replica = readReplica(reader);
  const epoch = readEpochId(reader);
  const count = reader.varint();
  const lifetime = reader.within(1, LIFETIME_LIMIT, 'A lifetime');
  const node = readOptionalNode(reader, epoch);
  const selections: Presence['selections'][number][] = [];
  for (let left = reader.within(0, SELECTIONS_LIMIT, 'The number of selections'); left > 0; left -= 1)
    selections.push({ anchor: reader.block(ANCHOR_LIMIT), head: reader.block(ANCHOR_LIMIT) });
  return { replica, epoch, count, lifetime, node, selections };
}

/** @throws LiveError ARGUMENT_INVALID, NAME_INVALID. Not all that a reader refuses is seen here. */
export function writePresence(writer: Writer, presence: Presence): void {
  writeReplica(writer, presence.replica);
  writeEpochId(writer, presence.epoch);
  writeNumber(writer, presence.count, 0, Number.MAX_SAFE_INTEGER, 'A count');
  writeNumber(writer, presence.lifetime, 1, LIFETIME_LIMIT, 'A lifetime in milliseconds');
  writer.byte(presence.node === null ? 0 : 1);
  if (presence.node !== null) writeNode(writer, presence.epoch, presence.node);
  writer.varint(presence.selections.length);
  for (const { anchor, head } of presence.selections) {
    writer.block(anchor);
    writer.block(head);
  }
}
