import { baseNode, madeNode, type NodeId, type OperationId } from '../../src/live/ids.js';
import { Inbox } from '../../src/live/inbox.js';
import { Log } from '../../src/live/log.js';
import type { Action, Epoch, Operation } from '../../src/live/operation.js';
import type { TextDocument } from '../../src/live/text/engine.js';
import { yjsEngine } from '../../src/live/text/yjs-engine.js';
import type { Batch } from '../../src/live/wire/batch-codec.js';
import { crc32c } from '../../src/live/wire/crc32c.js';
import { decodeMessages } from '../../src/live/wire/messages.js';
import { Random } from './random.js';

export const EPOCH: Epoch = {
  id: { time: 4711, replica: 0xdeadbeef },
  kind: 'commit',
  base: '0123456789abcdef0123456789abcdef01234567',
  parent: { time: 12, replica: 7 },
  settled: new Map([[7, 3]]),
  lineage: [{ epoch: { time: 3, replica: 9 }, settled: new Map([[9, 1]]) }],
  became: [{ node: 'c12.7.7.2', path: 'src/new.ts' }],
  carried: 0,
};
export const REPLICAS = [7, 0x01020304, 0xfffffff0, 0xdeadbeef];

const NAMES = ['a', 'b.ts', 'src', 'größe', '\udcff\udc80x', 'new\nline', 'x'.repeat(255)];
/** Texts in which real edits are made; the others' are noise. */
export const TEXTS = [baseNode(EPOCH.id, 'typed.md'), 'b3.9/older.md'];
export const SEED = 'It was here 😀 before.\n';
const SEED_OID = 'ef'.repeat(20);
const LETTERS = ['a', 'b', 'é', '中', '😀', 'two', '\n'];
const OIDS = [null, 'ab'.repeat(20), 'cd'.repeat(32)];

/** Batches in an input; everything else in it is a fault of the test. */
export function batchesIn(bytes: Uint8Array): Batch[] {
  return decodeMessages(bytes).flatMap((message) => {
    if (message.kind === 'refused') throw new Error(message.refusal.message);
    return message.kind === 'operations' ? [message.batch] : [];
  });
}

/** A replica: its log and what waits for it. */
export class Peer {
  readonly replica: number;
  readonly log = new Log(EPOCH);
  readonly inbox = new Inbox(this.log);
  readonly #nodes: NodeId[] = [];
  readonly #conflicts: OperationId[] = [];
  readonly #bases = new Map<NodeId, string | null>();
  readonly texts: ReadonlyMap<NodeId, TextDocument>;
  #cursor = 0;

  constructor(replica: number) {
    this.replica = replica;
    this.texts = new Map(TEXTS.map((node) => [node, yjsEngine.open(replica, SEED)]));
  }

  /** Writes something random that is valid. */
  write(random: Random): Operation {
    const action = (random.below(2) === 0 ? this.#edit(random) : undefined) ?? this.#action(random);
    const operation = this.log.write(this.replica, action, random.below(8) === 0 ? this.log.time + 5 : 0);
    this.#learn(operation);
    return operation;
  }

  hear(bytes: Uint8Array): void {
    for (const operation of this.inbox.receive(batchesIn(bytes)).operations) this.#learn(operation);
  }

  #learn({ replica, seq, action }: Operation): void {
    if (action.kind === 'create') this.#nodes.push(action.node);
    if (action.kind === 'conflict') this.#conflicts.push({ replica, seq });
    if (action.kind === 'text' && replica !== this.replica)
      this.texts.get(action.node)?.applyAll([{ author: replica, update: action.update }]);
  }

  /** Strokes as at a keyboard, mostly one behind the other; now and then more at once. */
  #edit(random: Random): Action | undefined {
    const node = random.pick([TEXTS[0] ?? '', ...TEXTS]);
    const text = this.texts.get(node);
    if (text === undefined) return undefined;
    const letters = Array.from(text.text());
    if (random.below(12) === 0) this.#cursor = random.below(letters.length + 1);
    const at = (index: number): number => letters.slice(0, index).join('').length;
    const cursor = Math.min(this.#cursor, letters.length);
    const deleted = random.below(5) === 0 ? 1 + random.below(2) * random.below(4) : 0;
    const start = Math.max(cursor - deleted, 0);
    const typed = deleted > 0 && random.below(4) > 0 ? '' : random.pick(LETTERS);
    this.#cursor = start + Array.from(typed).length;
    const update = text.edit([{ start: at(start), end: at(cursor), text: typed }]);
    return update === undefined ? undefined : { kind: 'text', node, base: SEED_OID, update };
  }

  #base(random: Random, node: NodeId): string | null {
    const known = this.#bases.get(node);
    if (known !== undefined) return known;
    const base = random.pick(OIDS);
    this.#bases.set(node, base);
    return base;
  }

  #action(random: Random): Action {
    const path = Array.from({ length: 1 + random.below(3) }, () => random.pick(NAMES)).join('/');
    const node = random.pick([...this.#nodes, baseNode(EPOCH.id, path), 'b3.9/old/place.md', 'c12.7.7.5']);
    const carried = random.pick(['b3.9/gone', 'b12.7/gone/too', 'c12.7.1.9']);
    const parent = random.pick(
      [baseNode(EPOCH.id, ''), baseNode(EPOCH.id, 'dir'), ...this.#nodes].filter(
        (one) => one !== node && one !== carried,
      ),
    );
    const name = random.pick(NAMES);
    const executable = random.below(2) === 0;
    const roll = random.below(20);
    if (roll < 4) {
      const type = random.pick(['directory', 'text', 'binary', 'symlink'] as const);
      const own = madeNode(EPOCH.id, { replica: this.replica, seq: this.log.nextSeq(this.replica) });
      return { kind: 'create', node: random.below(4) === 0 ? carried : own, parent, name, type, executable };
    }
    if (roll < 7) return { kind: 'move', node, parent, name };
    if (roll < 8) return { kind: 'move', node, parent: null, name: random.pick(['', name]) };
    if (roll < 14)
      return { kind: 'text', node, base: this.#base(random, node), update: random.bytes(1 + random.below(30)) };
    if (roll < 16) return { kind: 'content', node, bytes: random.bytes(random.below(40)) };
    if (roll < 17) return { kind: 'mode', node, executable };
    const conflict = this.#conflicts.at(random.below(this.#conflicts.length));
    if (roll < 18 && conflict !== undefined) return { kind: 'resolve', conflict };
    return { kind: 'conflict', node, at: random.bytes(5), before: 'was\n', ours: 'größer \u{1f600}\n' };
  }
}

/** Replicas that have written and told one another at random; at the end everybody knows everything. */
export function worldOf(seed: number, writes: number, replicas: readonly number[] = REPLICAS): Peer[] {
  const random = new Random(seed);
  const peers = replicas.map((replica) => new Peer(replica));
  for (let count = 0; count < writes; count += 1) {
    random.pick(peers).write(random);
    if (random.below(3) > 0) continue;
    const from = random.pick(peers);
    const to = random.pick(peers);
    to.hear(from.log.missing(to.log.version()));
  }
  for (const from of peers) for (const to of peers) to.hear(from.log.missing(to.log.version()));
  return peers;
}

/** One operation as a message of its own. */
export function messageOf(log: Log, { replica, seq }: OperationId): Uint8Array {
  return log.messages(replica, seq, seq);
}

/** Bytes one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The message as one of another version of the format, whole in itself. */
export function foreign(message: Uint8Array, version: number): Uint8Array {
  const out = message.slice();
  out[3] = version;
  new DataView(out.buffer).setUint32(out.length - 4, crc32c(out.subarray(0, -4)), true);
  return out;
}
