import { Inbox } from '../../../src/live/inbox.js';
import { compareStamps } from '../../../src/live/ids.js';
import type { NodeId, Stamp } from '../../../src/live/ids.js';
import type { MemoryProvider, WorkTree } from '../../../src/live/index.js';
import { Log } from '../../../src/live/log.js';
import type { Operation } from '../../../src/live/operation.js';
import type { TreeMove } from '../../../src/live/places.js';
import { yjsEngine } from '../../../src/live/text/yjs-engine.js';
import { sameVersion } from '../../../src/live/version.js';
import { decodeMessages } from '../../../src/live/wire/messages.js';
import { SlowTree } from '../support/slow-tree.js';

/**
 * Throws when a tree shows something else than all its operations make of its base: every move sorted and replayed from the beginning, every edit applied
 * one by one. Nothing is asked of a tree that is between two epochs, or changes while it is asked.
 */
export async function checkAgainstAll(tree: WorkTree, git: MemoryProvider): Promise<void> {
  const version = tree.version();
  const isSame = (): boolean => sameVersion(tree.version(), version);
  const messages = decodeMessages(tree.missing());
  const epoch = messages.find((message) => message.kind === 'epoch')?.epoch;
  if (epoch === undefined || compareStamps(epoch.id, version.epoch) !== 0) return;
  const log = new Log(epoch);
  const batches = messages.flatMap((message) => (message.kind === 'operations' ? [message.batch] : []));
  const operations = new Inbox(log).receive(batches).operations;
  const files = new Map(
    Array.from(epoch.base === null ? [] : git.files(epoch.base), ([path, { mode }]) => [path, { mode, content: '' }]),
  );
  const slow = new SlowTree(epoch.id, files, madeTypes(operations), movesIn(operations));
  const expected = Array.from(slow.shown(), ([path, { type, nodes }]) => `${path} ${type} ${nodes[0]}`);

  const shown: string[] = [];
  const texts: [path: string, found: string, expected: string][] = [];
  for await (const { entry, path, type, visible } of tree.entries()) {
    if (!visible) continue;
    shown.push(`${path} ${type} ${entry}`);
    const text = type === 'file' ? await textOf(entry, operations, git) : undefined;
    if (text !== undefined) {
      const read = await tree.read({ entry }).catch((error: unknown) => {
        if (isSame()) throw error;
        return new Uint8Array();
      });
      texts.push([`${path}`, new TextDecoder().decode(read), text]);
    }
  }
  if (!isSame()) return;
  const [found, wanted] = [shown.toSorted().join('\n'), expected.toSorted().join('\n')];
  if (found !== wanted) throw new Error(`it shows\n${found}\nand all operations make\n${wanted}`);
  for (const [path, read, made] of texts)
    if (read !== made)
      throw new Error(`${path} reads ${JSON.stringify(read)}, and all edits make ${JSON.stringify(made)}`);
}

/** Of two who make the same entry the first decides what it is. */
function madeTypes(operations: readonly Operation[]): Map<NodeId, 'directory' | 'file' | 'symlink'> {
  const first = new Map<NodeId, Stamp>();
  const types = new Map<NodeId, 'directory' | 'file' | 'symlink'>();
  for (const { action, time, replica } of operations) {
    if (action.kind !== 'create') continue;
    const before = first.get(action.node);
    if (before !== undefined && compareStamps(before, { time, replica }) < 0) continue;
    first.set(action.node, { time, replica });
    types.set(action.node, action.type === 'text' || action.type === 'binary' ? 'file' : action.type);
  }
  return types;
}

function movesIn(operations: readonly Operation[]): TreeMove[] {
  return operations.flatMap(({ action, replica, seq, time }) =>
    action.kind === 'create' || action.kind === 'move'
      ? [{ replica, seq, time, node: action.node, parent: action.parent, name: action.name }]
      : [],
  );
}

/** What all edits of a text make; `undefined` when nobody edited it, or it was given bytes. */
async function textOf(
  node: NodeId,
  operations: readonly Operation[],
  git: MemoryProvider,
): Promise<string | undefined> {
  const upon = operations.filter(({ action }) => action.kind !== 'resolve' && action.node === node);
  const edits = upon.flatMap(({ action, replica }) => (action.kind === 'text' ? [{ ...action, author: replica }] : []));
  const [first] = edits;
  if (first === undefined || upon.some(({ action }) => action.kind === 'content')) return undefined;
  const seed = first.base === null ? '' : new TextDecoder().decode(await git.blob(first.base));
  const text = yjsEngine.open(1, seed);
  for (const { update, author } of edits) text.apply(update, author);
  return text.text();
}
