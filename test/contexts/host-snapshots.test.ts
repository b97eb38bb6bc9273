import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compact } from '../../src/contexts/compact.js';
import { HostSnapshots } from '../../src/contexts/host-snapshots.js';
import { walkIn } from '../../src/contexts/layer-stack.js';
import type { Mounts } from '../../src/contexts/mounts.js';
import { Store } from '../../src/contexts/store.js';
import type { WorkTree } from '../../src/contexts/work-tree.js';
import { locate } from '../../src/disk/tree-location.js';
import { Watcher } from '../../src/disk/watch.js';
import { walkSync } from '../../src/disk/walk.js';
import { fromText } from '../../src/model/tree-path.js';

const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'mizer-snapshots-')));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** A small generator of numbers: the seed in a failing test's title repeats it. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const names = ['a', 'b', 'dir', 'x y', 'ü', 'new\nline', '-dash'];

function look(at: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(at);
  } catch {
    return undefined;
  }
}

function stir(top: string, random: (below: number) => number): void {
  const pick = (): string => names[random(names.length)] ?? 'a';
  const parent = path.join(top, ...Array.from({ length: random(3) }, pick));
  if (!(look(parent)?.isDirectory() ?? false)) return;
  const at = path.join(parent, pick());
  const stats = look(at);
  const action = random(8);
  if (action === 0) fs.rmSync(at, { recursive: true, force: true });
  else if (action === 1 && stats === undefined) fs.mkdirSync(at);
  else if (action === 2 && stats === undefined) fs.symlinkSync(pick(), at);
  else if (action === 3 && stats !== undefined && !stats.isSymbolicLink()) fs.chmodSync(at, 0o700 + random(8) * 9);
  else if (action === 4 && stats?.isFile()) fs.appendFileSync(at, 'more');
  else if (action === 5 && stats !== undefined) {
    const to = path.join(top, `moved${random(4)}`);
    fs.rmSync(to, { recursive: true, force: true });
    fs.renameSync(at, to);
  } else if (action === 6 && stats?.isFile()) {
    const to = path.join(top, `link${random(4)}`);
    fs.rmSync(to, { recursive: true, force: true });
    fs.linkSync(at, to);
  } else if (!(stats?.isDirectory() ?? false)) {
    fs.rmSync(at, { force: true });
    fs.writeFileSync(at, `content ${random(1000)}`);
  }
}

/** What a tree is to a build: kinds, bits, times of files, content. */
function pictureOf(entries: Iterable<readonly [string, string | Buffer]>): Record<string, string> {
  const picture: Record<string, string> = {};
  for (const [name, at] of entries) {
    const stats = fs.lstatSync(at, { bigint: true });
    const content = stats.isFile() ? fs.readFileSync(at, 'latin1') : stats.isSymbolicLink() ? fs.readlinkSync(at) : '';
    picture[name] = `${stats.mode.toString(8)} ${stats.mtimeNs} ${content}`;
  }
  return picture;
}

function hostPicture(top: string): Record<string, string> {
  const { manifest } = walkSync(top, { exclude: ['.mizer'] });
  return pictureOf([...manifest.entries()].map((entry) => [entry.path, locate(top, entry.path)] as const));
}

async function snapshotPicture(store: Store, id: string): Promise<Record<string, string>> {
  const nodes = [...walkIn(await store.layers(id), '')];
  return pictureOf(nodes.map((node) => [node.entry.path, node.at] as const));
}

const info = { info: {}, kept: false } as const;

async function makeStore(name: string): Promise<{ readonly workTree: string; readonly store: Store }> {
  const workTree = path.join(root, name);
  fs.mkdirSync(path.join(workTree, 'dir'), { recursive: true });
  fs.writeFileSync(path.join(workTree, 'dir', 'a'), 'first');
  fs.writeFileSync(path.join(workTree, 'b'), 'first');
  return { workTree, store: await Store.open({ workTree, directory: path.join(workTree, '.mizer') }) };
}

/** What compaction needs of a work tree. */
function treeOf(workTree: string, store: Store, host: HostSnapshots): WorkTree {
  const mounts = {} as Mounts;
  const rest = { repository: undefined, mounts, liveDirectory: '', touched: () => Promise.resolve(undefined) };
  return { path: workTree, store, host, ...rest, exclusively: (work) => work(), random: () => 0 };
}

describe('a snapshot of the host view is the tree as it is at the moment of asking', () => {
  for (const seed of [1, 2, 3, 4]) {
    it(`whatever was done to it since the last one, walked (seed ${seed})`, async () => {
      const { workTree, store } = await makeStore(`walked-${seed}`);
      const host = new HostSnapshots(store);
      const random = randomFrom(seed);
      for (let round = 0; round < 15; round += 1) {
        for (let step = random(12); step >= 0; step -= 1) stir(workTree, random);
        const { id } = await host.take({ touched: undefined, ...info });
        expect(await snapshotPicture(store, id)).toEqual(hostPicture(workTree));
      }
      store.close();
    });

    it(`whatever was done to it since the last one, watched (seed ${seed})`, async () => {
      const { workTree, store } = await makeStore(`watched-${seed}`);
      const cookieDirectory = path.join(root, `cookies-${seed}`);
      fs.mkdirSync(cookieDirectory);
      const watcher = await Watcher.open(workTree, { exclude: ['.mizer', '.git'], cookieDirectory });
      const host = new HostSnapshots(store);
      await host.take({ touched: undefined, ...info });
      const random = randomFrom(seed + 100);
      let walked = 0;
      for (let round = 0; round < 25; round += 1) {
        for (let step = random(12); step >= 0; step -= 1) stir(workTree, random);
        const answer = await watcher.touched();
        if (!answer.trusted) walked += 1;
        const { id } = await host.take({ touched: answer.trusted ? answer : undefined, ...info });
        expect(await snapshotPicture(store, id)).toEqual(hostPicture(workTree));
      }
      expect(walked).toBe(0);
      await watcher.close();
      store.close();
    });
  }

  it('also for another process, which reads what the last one wrote', async () => {
    const { workTree, store } = await makeStore('again');
    const random = randomFrom(7);
    for (let round = 0; round < 6; round += 1) {
      for (let step = 0; step < 6; step += 1) stir(workTree, random);
      const { id } = await new HostSnapshots(store).take({ touched: undefined, ...info });
      expect(await snapshotPicture(store, id)).toEqual(hostPicture(workTree));
    }
    expect((await store.lineage((await new HostSnapshots(store).newest())?.snapshot ?? '')).length).toBeGreaterThan(1);
    store.close();
  });

  it('and is the last one where nothing changed, even if times say that something did', async () => {
    const { workTree, store } = await makeStore('same');
    const host = new HostSnapshots(store);
    const first = await host.take({ touched: undefined, ...info });
    const file = path.join(workTree, 'b');
    fs.chmodSync(file, 0o600);
    fs.chmodSync(file, 0o644);
    expect((await host.take({ touched: undefined, ...info })).id).toBe(first.id);
    store.close();
  });
});

describe('what was touched before a snapshot that failed is in the next one', () => {
  it('though the watch speaks of it only once', async () => {
    const { workTree, store } = await makeStore('failed');
    const host = new HostSnapshots(store);
    await host.take({ touched: undefined, ...info });
    fs.writeFileSync(path.join(workTree, 'b'), 'second');
    const layers = path.join(store.directory, 'layers');
    fs.renameSync(layers, `${layers}.away`);
    const touched = { paths: new Set(['b']), subtrees: [] };
    await expect(host.take({ touched, ...info })).rejects.toThrow('ENOENT');
    fs.renameSync(`${layers}.away`, layers);
    const { id } = await host.take({ touched: { paths: new Set(), subtrees: [] }, ...info });
    expect(await snapshotPicture(store, id)).toEqual(hostPicture(workTree));
    store.close();
  });
});

describe('compaction', () => {
  it('changes neither what the newest snapshot shows nor what later ones are', async () => {
    const { workTree, store } = await makeStore('deep');
    const host = new HostSnapshots(store);
    const random = randomFrom(11);
    const tree = treeOf(workTree, store, host);
    let compacted = 0;
    for (let round = 0; round < 40; round += 1) {
      for (let step = 0; step < 5; step += 1) stir(workTree, random);
      fs.writeFileSync(path.join(workTree, 'counter'), String(round));
      await host.take({ touched: undefined, ...info });
      const record = await compact(tree);
      if (record === undefined) continue;
      compacted += 1;
      expect(await store.layers(record.id)).toHaveLength(2);
      expect(await snapshotPicture(store, record.id)).toEqual(hostPicture(workTree));
    }
    expect(compacted).toBeGreaterThan(2);
    const again = new HostSnapshots(store);
    const { id } = await again.take({ touched: undefined, ...info });
    expect(await snapshotPicture(store, id)).toEqual(hostPicture(workTree));
    store.close();
  });
});

describe('the names of a tree', () => {
  it('are kept as their bytes are', async () => {
    const { workTree, store } = await makeStore('names');
    fs.writeFileSync(Buffer.concat([Buffer.from(`${workTree}/`), Buffer.from([0xff, 0x0a, 0x22])]), 'odd');
    const { id } = await new HostSnapshots(store).take({ touched: undefined, ...info });
    expect(Object.keys(await snapshotPicture(store, id))).toContain('\u00ff\n"');
    expect(fromText('ü')).toBe('Ã¼');
    store.close();
  });
});
