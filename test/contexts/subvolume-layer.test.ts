import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLayerThere, snapshotInto } from '../../src/contexts/subvolume-layer.js';
import { removeTree } from '../../src/disk/remove-tree.js';
import { walkSync } from '../../src/disk/walk.js';
import { compareManifests } from '../../src/model/compare.js';
import { Image } from '../support/image.js';

const images = process.getuid?.() === 0 ? ['a mounted image'] : [];

describe('a work tree that is no subvolume', () => {
  it('has no snapshot, and nothing is left of the attempt', async () => {
    const top = fs.mkdtempSync(path.join(os.tmpdir(), 'mizer-plain-'));
    expect(await snapshotInto(top, path.join(top, 'layer'), [])).toBe(undefined);
    expect(fs.readdirSync(top)).toEqual([]);
    expect(isLayerThere(top)).toBe(true);
    fs.rmdirSync(top);
    expect(isLayerThere(top)).toBe(false);
  });
});

describe.each(images)('a layer that is a btrfs snapshot on %s (defined only for root)', () => {
  const exclude = ['.git', 'dir/mounted'];
  let image: Image;
  let top: string;
  let layers = 0;
  const newLayer = (): string => path.join(top, '.git/mizer', String((layers += 1)));

  beforeAll(() => {
    image = new Image('btrfs');
    top = path.join(image.path, 'top');
    execFileSync('btrfs', ['subvolume', 'create', top]);
    fs.mkdirSync(path.join(top, '.git/mizer'), { recursive: true });
    fs.mkdirSync(path.join(top, 'dir/mounted'), { recursive: true });
    for (const name of ['file', 'dir/file', 'dir/mounted/below', '.git/object', 'ü'])
      fs.writeFileSync(path.join(top, name), name);
    fs.linkSync(path.join(top, 'file'), path.join(top, '.git/second'));
  });
  afterAll(() => image.end());

  it('holds the work tree without what is excluded, with the times of its directories', async () => {
    const layer = newLayer();
    const manifest = await snapshotInto(top, layer, exclude);
    expect(fs.readdirSync(layer).sort()).toEqual(['dir', 'file', 'ü']);
    expect(fs.readdirSync(path.join(layer, 'dir'))).toEqual(['file']);
    for (const name of ['', 'dir']) {
      const [source, copy] = [top, layer].map((place) => fs.lstatSync(path.join(place, name), { bigint: true }));
      expect(copy?.mtimeNs).toBe(source?.mtimeNs);
    }
    expect(manifest?.length).toBe(4);
  });

  it('is described by what a look at the source says, names of other places and the device included', async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const manifest = await snapshotInto(top, newLayer(), exclude);
    expect([...(manifest?.entries() ?? [])]).toEqual([...walkSync(top, { exclude }).manifest.entries()]);
  });

  it('never hides a change that follows at once, of the same length and in the same tick of the clock', async () => {
    const file = path.join(top, 'file');
    let differing = 0;
    for (let round = 0; round < 60; round += 1) {
      const layer = newLayer();
      fs.writeFileSync(file, 'before');
      const taking = snapshotInto(top, layer, exclude);
      // At first before it is taken, at last behind that.
      for (let turn = 0; turn < round; turn += 1) await setImmediate();
      fs.writeFileSync(file, 'behind');
      const manifest = await taking;
      if (manifest === undefined) throw new Error('There is no snapshot.');
      // How soon the snapshot is there is the machine's matter, so whatever the clock said the entry is to be looked at again.
      expect(manifest.get('file')?.ctimeNs).toBe(0n);
      const { changed } = compareManifests(manifest, walkSync(top, { exclude }).manifest);
      const isSame = fs.readFileSync(path.join(layer, 'file'), 'utf8') === 'behind';
      if (!isSame) {
        differing += 1;
        expect(changed.map((entry) => entry.path)).toContain('file');
      }
      removeTree(layer, new Set());
    }
    expect(differing).toBeGreaterThan(0);
  });

  it('is not made where it would lack what a copy has: subvolumes nested in the work tree', async () => {
    execFileSync('btrfs', ['subvolume', 'create', path.join(top, 'dir/nested')]);
    expect(await snapshotInto(top, newLayer(), exclude)).toBe(undefined);
    fs.rmdirSync(path.join(top, 'dir/nested'));
  });

  it('is not made in another subvolume, whose inode numbers are given out anew', async () => {
    const other = path.join(top, '.git/other');
    execFileSync('btrfs', ['subvolume', 'create', other]);
    expect(await snapshotInto(top, path.join(other, 'layer'), exclude)).toBe(undefined);
    expect(fs.readdirSync(other)).toEqual([]);
  });

  it('is no layer any more in a snapshot of its store, where it is an empty directory', async () => {
    const layer = newLayer();
    await snapshotInto(top, layer, exclude);
    expect(isLayerThere(layer)).toBe(true);
    const copy = path.join(image.path, 'copy');
    execFileSync('btrfs', ['subvolume', 'snapshot', top, copy]);
    expect(isLayerThere(path.join(copy, path.relative(top, layer)))).toBe(false);
  });

  it('is removed with all in it only by who knows what is mounted', async () => {
    const layer = newLayer();
    await snapshotInto(top, layer, exclude);
    const holder = `${layer}-holder`;
    fs.mkdirSync(holder);
    fs.renameSync(layer, path.join(holder, 'tree'));
    expect(removeTree(holder).errors.map(({ code }) => code)).toEqual(['EXDEV']);
    expect(removeTree(holder, new Set([path.join(holder, 'tree')])).errors.map(({ code }) => code)).toEqual(['EXDEV']);
    expect(fs.readdirSync(path.join(holder, 'tree')).length).toBe(3);
    expect(removeTree(holder, new Set()).errors).toEqual([]);
    expect(fs.existsSync(holder)).toBe(false);
  });
});
