import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { growth } from '../../src/observe/growth.js';
import { init } from '../../src/observe/init.js';
import { stat } from '../../src/observe/stat.js';
import { all } from '../support/recorded-shadow.js';

type Edit =
  | { readonly kind: 'write' | 'append' | 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string };

const path = fc
  .array(fc.constantFrom('a', 'b', '-c', 'd e'), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/'));
const size = fc.integer({ min: 0, max: 5000 });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('write', 'append', 'truncate'), path, size }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), path }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rename'), path, to: path }) },
);

/** What cannot be done where something else lies is left undone. */
function perform(root: string, one: Edit): void {
  const at = join(root, one.path);
  try {
    if (one.kind === 'remove') rmSync(at, { recursive: true });
    else if (one.kind === 'rename') renameSync(at, join(root, one.to));
    else if (one.kind === 'truncate') truncateSync(at, one.size);
    else {
      mkdirSync(dirname(at), { recursive: true });
      const write = one.kind === 'write' ? writeFileSync : appendFileSync;
      write(at, 'x'.repeat(one.size));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** Sizes of files by path, as find(1) sees them. */
function found(root: string): ReadonlyMap<string, number> {
  const lines = execFileSync('find', [root, '-type', 'f', '-printf', '%P\t%s\n'], { encoding: 'utf8' }).split('\n');
  return new Map(
    lines.filter((line) => line !== '').map((line) => [line.split('\t')[0] ?? '', Number(line.split('\t')[1])]),
  );
}

test('after any edits growth is the difference between what find saw before and after, of every file and every directory', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(edit, { minLength: 3, maxLength: 12 }),
      fc.array(edit, { maxLength: 8 }),
      async (first, second) => {
        const top = realpathSync(mkdtempSync(join(tmpdir(), 'mizer-growth-')));
        const root = join(top, 'real');
        mkdirSync(root);
        for (const one of first) perform(root, one);
        const before = found(root);
        const shadow = await init({ realDirectory: root, shadowRoot: join(top, 'shadows') });
        const { commit = '' } = await stat(shadow);
        for (const one of second) perform(root, one);
        const after = found(root);
        await stat(shadow);
        const rows = await all((await growth(shadow, { since: commit, depth: Infinity })).changes);
        const paths = [...new Set([...before.keys(), ...after.keys()])];
        const sum = (below: string): number =>
          paths
            .filter((one) => below === '' || one === below || one.startsWith(`${below}/`))
            .reduce((total, one) => total + (after.get(one) ?? 0) - (before.get(one) ?? 0), 0);
        for (const row of rows) expect([row.path, Number(row.bytes)]).toEqual([row.path, sum(row.path)]);
        const told = new Set(rows.map((row) => row.path));
        const different = paths.filter((one) => before.get(one) !== after.get(one));
        expect(different.filter((one) => !told.has(one))).toEqual([]);
        rmSync(top, { recursive: true });
      },
    ),
    { numRuns: 6, endOnFailure: true },
  );
});
