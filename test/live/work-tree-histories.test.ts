import { expect, test } from 'vitest';
import { MemoryProvider, WorkTree } from '../../src/live/index.js';
import type { TextBuffer, Version } from '../../src/live/index.js';
import { yjsEngine } from '../../src/live/text/yjs-engine.js';
import concurrent from './histories/concurrent.json' with { type: 'json' };
import sequential from './histories/sequential.json' with { type: 'json' };
import { Random } from './random.js';

type Patch = readonly [position: number, deleted: number, inserted: string];

const PATH = 'notes/history.md';

/** A patch counts code points. */
function range(text: string, [position, deleted]: Patch): { start: number; end: number } {
  const characters = Array.from(text);
  const start = characters.slice(0, position).join('').length;
  return { start, end: start + characters.slice(position, position + deleted).join('').length };
}

/** A replica of a tree, with one file of it open. */
class Writer {
  readonly tree: WorkTree;
  readonly buffer: TextBuffer;
  /** What it sent last. */
  sent = new Uint8Array();

  private constructor(tree: WorkTree, buffer: TextBuffer) {
    this.tree = tree;
    this.buffer = buffer;
    tree.on('operations', (bytes) => (this.sent = Uint8Array.from(bytes)));
  }

  static async join(replica: number, git: MemoryProvider, operations: readonly Uint8Array[]): Promise<Writer> {
    const tree = await WorkTree.join({ replica, provider: git, clock: () => 0, operations });
    return new Writer(tree, await tree.open(PATH));
  }

  write(patch: Patch): Uint8Array {
    this.buffer.edit([range(this.buffer.text(), patch)], patch[2]);
    return this.sent;
  }
}

async function begin(git: MemoryProvider): Promise<{ first: WorkTree; base: string }> {
  const base = git.commit({ 'a.txt': 'something else\n' });
  const first = WorkTree.create({ replica: 1_000, provider: git, clock: () => 0, base });
  await first.create('notes', 'directory');
  await first.create(PATH, 'text');
  return { first, base };
}

/** Whoever joins by all at once, by pieces in any order, or twice, reads the same; so he does when HEAD went elsewhere since. */
async function expectJoins(
  git: MemoryProvider,
  tree: WorkTree,
  versions: readonly Version[],
  text: string,
): Promise<void> {
  const random = new Random(7);
  const since = versions.map((version) => tree.missing(version));
  for (const operations of [[tree.missing()], random.shuffled([tree.missing(), ...since])])
    expect((await Writer.join(9, git, operations)).buffer.text()).toBe(text);
  const late = await WorkTree.join({ replica: 8, provider: git, clock: () => 0, operations: [tree.missing()] });
  await late.reset(git.commit({ 'a.txt': 'and now this\n' }));
  expect((await late.open(PATH)).text()).toBe(text);
  expect((await Writer.join(9, git, [late.missing()])).buffer.text()).toBe(text);
}

test('a recorded history of one author reads the same in whole work trees, for who follows and for who joins', async () => {
  const git = new MemoryProvider();
  const { first } = await begin(git);
  const author = await Writer.join(0x9e3779b1, git, [first.missing()]);
  const reader = await Writer.join(0x9f377ab4, git, [first.missing()]);
  const oracle: string[] = [];
  const versions: Version[] = [];
  for (const [index, patches] of (sequential as unknown as Patch[][]).entries()) {
    if (index % 500 === 0) versions.push(author.tree.version());
    for (const patch of patches) {
      oracle.splice(patch[0], patch[1], ...Array.from(patch[2]));
      await reader.tree.apply(author.write(patch));
    }
  }
  const text = oracle.join('');
  expect(author.buffer.text()).toBe(text);
  expect(reader.buffer.text()).toBe(text);
  await expectJoins(git, reader.tree, versions, text);
});

test('a recorded history of two authors at once reads in whole work trees as the text engine alone has it', async () => {
  const git = new MemoryProvider();
  const { first } = await begin(git);
  const replicas = [0x9e3779b1, 0x9f377ab4];
  const authors = await Promise.all(replicas.map((replica) => Writer.join(replica, git, [first.missing()])));
  const alone = replicas.map((replica) => yjsEngine.open(replica, ''));
  const known = [new Set<number>(), new Set<number>()];
  const sent: { readonly bytes: Uint8Array; readonly update: Uint8Array | undefined }[][] = [];
  const versions: Version[] = [];
  const hear = async (agent: number, index: number): Promise<void> => {
    const { parents, agent: by } = concurrent[index] ?? { parents: [], agent };
    if (known[agent]?.has(index)) return;
    for (const parent of parents) await hear(agent, parent);
    known[agent]?.add(index);
    for (const { bytes, update } of sent[index] ?? []) {
      await authors[agent]?.tree.apply(bytes);
      if (update !== undefined) alone[agent]?.apply(update, replicas[by] ?? 0);
    }
  };
  for (const [index, { parents, agent, patches }] of concurrent.entries()) {
    const [author, engine] = [authors[agent], alone[agent]];
    if (author === undefined || engine === undefined) throw new Error('an author too many');
    for (const parent of parents) await hear(agent, parent);
    known[agent]?.add(index);
    const here = [];
    for (const patch of patches as unknown as Patch[]) {
      const update = engine.edit([{ ...range(engine.text(), patch), text: patch[2] }]);
      here.push({ bytes: author.write(patch), update });
    }
    sent.push(here);
    if (index % 500 === 0) versions.push(author.tree.version());
    if (index % 50 === 0) expect(author.buffer.text()).toBe(engine.text());
  }
  for (const agent of [0, 1]) for (const index of concurrent.keys()) await hear(agent, index);
  const text = alone[0]?.text() ?? '';
  expect(text.length).toBeGreaterThan(1_000);
  for (const { buffer } of authors) expect(buffer.text()).toBe(text);
  for (const { tree } of authors) await expectJoins(git, tree, versions, text);
});
