import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareManifests } from '../../src/model/compare.js';
import type { Entry, Kind } from '../../src/model/entry.js';
import { decodeManifest, encodeManifest } from '../../src/model/manifest-codec.js';
import { manifestOf, patch, type Manifest } from '../../src/model/manifest.js';
import { isWithin, type TreePath } from '../../src/model/tree-path.js';

const name = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'a-b', 'a.b', 'a0', 'a\u00ff', '-rf', 'new\nline', '"quoted"') },
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 255 }).map(ofBytes) },
  )
  .filter((text) => !text.includes('/') && text !== '.' && text !== '..');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const kind = fc.constantFrom<Kind>('file', 'directory', 'symlink', 'other');
const entry: fc.Arbitrary<Entry> = fc.record({
  path,
  kind,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  size: fc.maxSafeNat(),
  mtimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  ctimeNs: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  ino: fc.maxSafeNat(),
  dev: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  nlink: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});
const entries = fc.array(entry, { maxLength: 40 });

function ofBytes(bytes: readonly number[]): string {
  return String.fromCharCode(...bytes);
}

/** What a manifest of `list` is to hold: by path, the later of two, in byte order. */
function ordered(list: readonly Entry[]): Entry[] {
  return [...new Map(list.map((one) => [one.path, one])).values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

const contentOf = (manifest: Manifest): Entry[] => [...manifest.entries()];

test('a manifest holds any entries in the order of their path bytes, and gives them back from its bytes', () => {
  fc.assert(
    fc.property(entries, (list) => {
      const manifest = manifestOf(list);
      expect(contentOf(manifest)).toEqual(ordered(list));
      expect(contentOf(decodeManifest(encodeManifest(manifest)))).toEqual(ordered(list));
    }),
  );
});

test('what is looked up is what is there, and a directory range is exactly what lies below it', () => {
  fc.assert(
    fc.property(entries, path, (list, other) => {
      const manifest = manifestOf(list);
      const all = ordered(list);
      for (const at of [...all.map((one) => one.path), other]) {
        expect(manifest.get(at)).toEqual(all.find((one) => one.path === at));
        const { start, end } = manifest.below(at);
        expect([...manifest.entries(start, end)]).toEqual(
          all.filter((one) => one.path !== at && isWithin(one.path, at)),
        );
      }
    }),
  );
});

function patched(list: readonly Entry[], put: readonly Entry[], remove: readonly TreePath[]): readonly Entry[] {
  const byPath = new Map(ordered(list).map((one) => [one.path, one]));
  for (const at of byPath.keys()) {
    const uprooted = put.some((one) => one.kind !== 'directory' && at !== one.path && isWithin(at, one.path));
    if (uprooted || remove.some((gone) => isWithin(at, gone))) byPath.delete(at);
  }
  for (const one of put) byPath.set(one.path, one);
  return ordered([...byPath.values()]);
}

test('a patch removes what is below as well, then puts, and where no directory is put nothing stays below', () => {
  fc.assert(
    fc.property(entries, entries, fc.array(path, { maxLength: 5 }), (list, put, remove) => {
      expect(contentOf(patch(manifestOf(list), { put, remove }))).toEqual(patched(list, put, remove));
    }),
  );
});

test('a patch of paths that are there puts these and leaves the manifest it is of as it was', () => {
  fc.assert(
    fc.property(entries, entries, (list, others) => {
      const before = manifestOf(list);
      const put = others.flatMap((one, at) => (at < before.length ? [{ ...one, path: before.path(at) }] : []));
      expect(contentOf(patch(before, { put, remove: [] }))).toEqual(patched(list, put, []));
      expect(contentOf(before)).toEqual(ordered(list));
    }),
  );
});

test('a patch of rows as they are is no new manifest, and one that differs in any word is', () => {
  fc.assert(
    fc.property(
      entries,
      fc.nat(),
      fc.constantFrom('mode', 'size', 'mtimeNs', 'ctimeNs', 'ino', 'dev', 'nlink'),
      (list, at, word) => {
        const files = list.map((one) => ({ ...one, kind: 'directory' as const }));
        const before = manifestOf(files);
        const put = [...before.entries()];
        expect(patch(before, { put, remove: [] })).toBe(before);
        if (before.length === 0) return;
        const other = before.entry(at % before.length);
        const value = other[word];
        const edited = { ...other, [word]: typeof value === 'bigint' ? value ^ 1n : Math.abs(value - 1) };
        const after = patch(before, { put: [edited], remove: [] });
        expect(after).not.toBe(before);
        expect(after.get(other.path)).toEqual(edited);
      },
    ),
  );
});

test('a comparison lists exactly what is new, different and gone, also where a file became a directory', () => {
  fc.assert(
    fc.property(entries, entries, fc.array(fc.nat(), { maxLength: 10 }), (list, more, touched) => {
      const before = ordered(list);
      const kept = before.map((one, index) => (touched.includes(index) ? { ...one, ctimeNs: one.ctimeNs ^ 1n } : one));
      const after = ordered([...kept.filter((_, index) => index % 3 !== 1), ...more]);
      const state = (one: Entry): unknown => [one.kind, one.mode, one.size, one.mtimeNs, one.ctimeNs, one.ino];
      const find = (all: readonly Entry[], at: string): Entry | undefined => all.find((one) => one.path === at);
      const changed = after.filter((one) => {
        const was = find(before, one.path);
        return was === undefined || state(was)?.toString() !== state(one)?.toString();
      });
      const removed = before.map((one) => one.path).filter((at) => find(after, at) === undefined);
      expect(compareManifests(manifestOf(before), manifestOf(after))).toEqual({ changed, removed });
    }),
  );
});

test('a manifest in which any byte was changed, or that was cut short, is refused as corrupt', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (list, at, flip) => {
        const bytes = encodeManifest(manifestOf(list));
        const index = at % bytes.length;
        // Bytes 20 to 31 are spare, and still summed.
        const changed = bytes.slice();
        changed[index] = (changed[index] ?? 0) ^ flip;
        const refusal = expect.objectContaining({ code: 'E_MANIFEST_CORRUPT' }) as unknown;
        expect(thrownBy(() => decodeManifest(changed))).toEqual(refusal);
        expect(thrownBy(() => decodeManifest(bytes.subarray(0, index)))).toEqual(refusal);
      },
    ),
  );
});

function thrownBy(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
