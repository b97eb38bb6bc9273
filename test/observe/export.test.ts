import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exportEntries } from '../../src/observe/export.js';
import { all, type Recorded, recordedShadow } from '../support/recorded-shadow.js';

/** Any name that a file system allows, and that is tracked. */
const name = fc
  .uint8Array({ minLength: 1, maxLength: 60 })
  .map((bytes) => Buffer.from(bytes).toString('latin1').replace(/[\0/]/g, 'x'))
  .filter((text) => !['.', '..'].includes(text) && !/^\.(git|nog)/i.test(text));

async function exported(paths: Readonly<Record<string, Recorded>>, format: 'csv' | 'ndjson'): Promise<Buffer> {
  const world = recordedShadow([{ time: 1_700_000_000, paths }]);
  const chunks = await all(exportEntries(world.shadow, format));
  world.remove();
  return Buffer.concat(chunks);
}

const pathOf = (line: string): string => {
  const { path } = JSON.parse(line) as { readonly path: string | { readonly bytes: string } };
  return typeof path === 'string'
    ? Buffer.from(path).toString('latin1')
    : Buffer.from(path.bytes, 'base64').toString('latin1');
};

describe('an export', () => {
  test('as lines of JSON has every path once, whatever its name', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), async (names) => {
        const paths = Object.fromEntries(names.map((one, index) => [`d/${one}`, { size: index }]));
        const lines = (await exported(paths, 'ndjson')).toString('utf8').trimEnd().split('\n');
        expect(lines.map(pathOf).toSorted()).toEqual(['.', 'd', ...Object.keys(paths)].toSorted());
      }),
      { numRuns: 25 },
    );
  });

  test('as CSV is read back to the byte by a reader of another make', async () => {
    const names = ['plain', 'comma,quote"', 'line\nfeed\r\n', '=1+1', '-', ' blank ', '\u00ff\u0001', 'é\\'];
    const paths = Object.fromEntries(names.map((one, index) => [one, { size: index, mtime: -index }]));
    const bytes = await exported({ ...paths, link: { target: 'to,"' } }, 'csv');
    const script = `import csv,io,json,sys
rows=list(csv.DictReader(io.StringIO(sys.stdin.buffer.read().decode('latin1'),newline='')))
print(json.dumps([[r['path'],r['kind'],r['size'],r['mtime'],r['target']] for r in rows]))`;
    const { stdout } = spawnSync('python3', ['-c', script], { input: bytes, encoding: 'utf8' });
    const read = JSON.parse(stdout) as readonly (readonly string[])[];
    for (const [index, one] of names.entries())
      expect(read).toContainEqual([one, 'file', String(index), String(-index), '']);
    expect(read).toContainEqual(['link', 'link', '0', '', 'to,"']);
    expect(read).toHaveLength(names.length + 2);
  });

  test('tells sizes whole, however great', async () => {
    const text = (await exported({ huge: { size: 2n ** 62n + 1n } }, 'ndjson')).toString();
    expect(text).toContain('"size":4611686018427387905');
  });

  test('comes in pieces: much of it is never held at once', async () => {
    const paths = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`f${index}`, { size: index }]));
    const world = recordedShadow([{ time: 1_700_000_000, paths }]);
    const chunks = await all(exportEntries(world.shadow, 'ndjson'));
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(70_000);
    expect(Buffer.concat(chunks).toString().trimEnd().split('\n')).toHaveLength(5001);
    world.remove();
  });
});
