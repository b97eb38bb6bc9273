import type { BaseTree } from './base-tree.js';
import { committedListings } from './committed-listings.js';
import type { FileContent } from './committed-listings.js';
import type { EpochState } from './epoch.js';
import { textToBytes } from './git-object.js';
import { compareStamps } from './ids.js';
import type { NodeId, Stamp, Vector } from './ids.js';
import { Missing } from './loading.js';
import { viewAt } from './passage.js';
import { isTextOperation } from './touched-file.js';
import type { TouchedFile } from './touched-file.js';
import { covers } from './version.js';

/** Stands for a file of which it is not known, without loading it, what it holds. */
const UNKNOWN = '';

/**
 * The base of an epoch that began with a commit of what `settled` describes of `parent`, made from what is here: no provider is asked, then or
 * later, for what was loaded or touched. `undefined` when not all of `settled` is known here.
 */
export function committedBase(parent: EpochState, settled: Vector, commit: string): BaseTree | undefined {
  if (!covers(parent.log.vector, settled)) return undefined;
  const contents = new Map<NodeId, FileContent>();
  for (const file of parent.files()) {
    const content = contentAt(parent, file, settled, commit.length);
    if (content !== undefined) contents.set(file.node, content);
  }
  const listings = new Map(committedListings(viewAt(parent, settled), contents));
  for (const [path, entries] of listings) if (entries.some(({ oid }) => oid === UNKNOWN)) listings.delete(path);
  return parent.base.derive(commit, listings);
}

function contentAt(epoch: EpochState, file: TouchedFile, settled: Vector, oidLength: number): FileContent | undefined {
  try {
    const { node } = file;
    const type = epoch.typeOf(node);
    if (type !== 'file' && type !== 'symlink') return undefined;
    const bytes = bytesAt(epoch, file, settled);
    const oid = bytes === undefined ? epoch.baseEntry(node)?.oid : epoch.around.blobs.keep(bytes, oidLength);
    if (oid === undefined || oid === null) return undefined;
    return { oid, mode: type === 'symlink' ? 0o120000 : isExecutableAt(epoch, file, settled) ? 0o100755 : 0o100644 };
  } catch (error) {
    if (error instanceof Missing) return { oid: UNKNOWN, mode: 0o100644 };
    throw error;
  }
}

/** What a file held at a version; `undefined`: what the base has. @throws Missing */
export function bytesAt(epoch: EpochState, file: TouchedFile, settled: Vector): Uint8Array | undefined {
  const { node } = file;
  const isMade = epoch.made(node) !== undefined;
  if (covers(settled, epoch.log.vector)) {
    return isMade || file.hasEdits || file.contents.length > 0 ? epoch.bytes(node) : undefined;
  }
  let content: (Stamp & { readonly bytes: Uint8Array }) | undefined;
  const updates = [];
  const seed = file.hasEdits ? epoch.seed(node) : undefined;
  for (const operation of epoch.log.history(node)) {
    const { action, replica, seq, time } = operation;
    if (seq > (settled.get(replica) ?? 0)) continue;
    if (action.kind === 'content' && (content === undefined || compareStamps(content, { time, replica }) < 0)) {
      content = { time, replica, bytes: action.bytes };
    }
    if (isTextOperation(operation) && operation.action.base === seed?.oid) {
      updates.push({ author: replica, update: operation.action.update });
    }
  }
  if (content !== undefined) return content.bytes;
  if (seed !== undefined && (updates.length > 0 || isMade)) {
    return textToBytes(epoch.around.engine.separate(seed.text, updates, [], () => false).before);
  }
  return isMade ? new Uint8Array() : undefined;
}

function isExecutableAt(epoch: EpochState, file: TouchedFile, settled: Vector): boolean {
  let last: (Stamp & { readonly on: boolean }) | undefined;
  for (const { action, replica, seq, time } of epoch.log.history(file.node)) {
    if (seq > (settled.get(replica) ?? 0) || (action.kind !== 'mode' && action.kind !== 'create')) continue;
    if (last === undefined || compareStamps(last, { time, replica }) < 0)
      last = { time, replica, on: action.executable };
  }
  return last === undefined ? epoch.baseEntry(file.node)?.mode === 0o100755 : last.on;
}
