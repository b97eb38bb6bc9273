import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeDelta } from '../../src/git/delta.js';
import { KnownObjects } from '../../src/git/known-objects.js';
import { fromHex, objectId, toHex } from '../../src/git/oid.js';
import { PackWriter, removeUnfinishedPacks } from '../../src/git/pack-writer.js';
import { joinPacks } from '../../src/git/repack.js';
import { writeSmallDeflate } from '../../src/git/small-deflate.js';
import { ObjectReader } from '../../src/git/tree-reader.js';

let directory = '';
let gitDir = '';
const packs = (): string[] => fs.readdirSync(path.join(gitDir, 'objects/pack')).sort();
const git = (...args: string[]): string => execFileSync('git', [`--git-dir=${gitDir}`, ...args], { encoding: 'utf8' });

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'mizer-pack-'));
  gitDir = path.join(directory, '.git');
  execFileSync('git', ['init', '-q', directory]);
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 400,
});
const record = fc
  .tuple(fc.oneof(fc.string({ maxLength: 12 }), bytes), fc.nat(), fc.integer())
  .map(([name, size, mtime]) => `name: ${JSON.stringify(name)}\nsize: ${size}\nmtime: ${mtime}\n`)
  .map((text) => Buffer.from(text).toString('latin1'));

/** As gitformat-pack(5) says. */
function applyDelta(base: string, delta: Uint8Array): string {
  let at = 0;
  const size = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = delta[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  expect(size()).toBe(base.length);
  const length = size();
  let target = '';
  while (at < delta.length) {
    const command = delta[at++]!;
    if (command < 0x80) {
      expect(command).toBeGreaterThan(0);
      target += Buffer.from(delta.subarray(at, at + command)).toString('latin1');
      at += command;
      continue;
    }
    let [from, count] = [0, 0];
    for (let bit = 0; bit < 4; bit += 1) if ((command & (1 << bit)) !== 0) from |= delta[at++]! << (8 * bit);
    for (let bit = 0; bit < 3; bit += 1) if ((command & (0x10 << bit)) !== 0) count |= delta[at++]! << (8 * bit);
    target += base.slice(from, from + count);
  }
  expect(target.length).toBe(length);
  return target;
}

test('a delta makes its target of its base, whatever they are', () => {
  const out = new Uint8Array(4096);
  const text = fc.oneof(bytes, record);
  fc.assert(
    fc.property(text, text, (base, target) => {
      const length = writeDelta(base, target, out);
      expect(applyDelta(base, out.subarray(0, length))).toBe(target);
    }),
    { numRuns: 2000 },
  );
});

test('the small deflate is undone by zlib', () => {
  const out = Buffer.alloc(4096);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (content) => {
      const end = writeSmallDeflate(content, content.length, out, 3);
      expect(inflateSync(out.subarray(3, end))).toEqual(Buffer.from(content));
    }),
  );
  expect(inflateSync(deflateSync(Buffer.of(1)))).toEqual(Buffer.of(1));
});

test('git has every object of the pack as it was given, once, and finds no fault', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(record, bytes), { minLength: 1, maxLength: 200 }), async (contents) => {
      const writer = new PackWriter(gitDir);
      const known = new KnownObjects(gitDir);
      const oids = contents.map((content, index) => writer.blob(content, index % 3 === 0 ? 'one' : 'two'));
      const fresh = new Set(oids).size - new Set(oids.filter((oid) => known.has(oid))).size;
      expect(writer.count).toBe(fresh);
      await writer.finish();
      const reader = ObjectReader.open(gitDir);
      for (const [index, oid] of oids.entries()) {
        expect((await reader.blob(toHex(oid))).toString('latin1')).toBe(contents[index]);
      }
      reader.close();
    }),
    { numRuns: 15 },
  );
  expect(git('fsck', '--strict', '--no-dangling')).toBe('');
  expect(packs().every((name) => /^pack-[0-9a-f]{40}\.(?:pack|idx)$/.test(name))).toBe(true);
}, 60_000);

test('large objects and trees are written, and nothing when nothing is new', async () => {
  const large = Buffer.alloc(3_500_000, 'some text that repeats ');
  const writer = new PackWriter(gitDir);
  const blob = writer.blob(large);
  const empty = writer.blob('');
  const tree = writer.tree(`100644 a\0${empty}100644 b\0${blob}`);
  await writer.finish();
  expect(git('cat-file', '-s', toHex(blob)).trim()).toBe('3500000');
  expect(git('ls-tree', '--name-only', toHex(tree))).toBe('a\nb\n');
  expect(git('fsck', '--strict')).toContain('dangling tree');
  const before = packs();
  const again = new PackWriter(gitDir);
  expect([again.blob(large), again.blob(''), again.count]).toEqual([blob, empty, 0]);
  await again.finish();
  expect(packs()).toEqual(before);
});

test('ids are those of git', () => {
  expect(toHex(objectId('blob', 'hi\n'))).toBe('45b983be36b73c0788dc9cbcb76cbb80fc7bb057');
  expect(objectId('blob', '\u00ff')).toBe(objectId('blob', Buffer.of(255)));
  expect(toHex(fromHex('00ff'.repeat(10)))).toBe('00ff'.repeat(10));
});

test('what is abandoned or was cut short leaves nothing; what another is writing stays', () => {
  const writer = new PackWriter(gitDir);
  writer.blob('x');
  expect(packs()).toHaveLength(1);
  const pack = path.join(gitDir, 'objects/pack');
  const gone = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
  fs.writeFileSync(path.join(pack, `tmp_mizer_${gone}_abc.pack`), '');
  fs.writeFileSync(path.join(pack, `tmp_mizer_1_abc.pack`), '');
  removeUnfinishedPacks(gitDir);
  expect(packs()).toHaveLength(2);
  writer.abandon();
  expect(packs()).toEqual(['tmp_mizer_1_abc.pack']);
});

test('many packs are joined, and every object is there after', async () => {
  const oids: string[] = [];
  for (let index = 0; index < 26; index += 1) {
    const writer = new PackWriter(gitDir);
    oids.push(toHex(writer.blob(`content ${index}`)));
    await writer.finish();
  }
  await joinPacks(gitDir);
  expect(packs().length).toBeLessThan(10);
  for (const oid of oids) expect(git('cat-file', '-t', oid)).toBe('blob\n');
  const known = new KnownObjects(gitDir);
  expect(oids.every((oid) => known.has(fromHex(oid)))).toBe(true);
});
