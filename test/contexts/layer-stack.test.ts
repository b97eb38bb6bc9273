import { chmodSync, mkdirSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listIn, statIn, walkIn, type StackNode } from '../../src/contexts/layer-stack.js';
import { kernelView, mounters } from './kernel-view.js';
import { layer, makeLayer } from './layers.js';

const letters = { file: 'f', directory: 'd', symlink: 'l', other: 'c' };

function described({ entry, at }: StackNode): string {
  const size = entry.kind === 'directory' ? '' : String(entry.size);
  const target = entry.kind === 'symlink' ? readlinkSync(at, 'latin1') : '';
  return [letters[entry.kind], entry.mode.toString(8), size, target].join(' ');
}

const byPath = (a: readonly [string, string], b: readonly [string, string]): number => (a[0] < b[0] ? -1 : 1);

describe('the view of a stack of layers', () => {
  let root = '';
  const stacks: string[][] = [];

  beforeAll(() => {
    root = mkdtempSync(`${tmpdir()}/mizer-layers-`);
    chmodSync(root, 0o755);
    mkdirSync(`${root}/mnt`);
    const random = fc.sample(fc.array(layer, { minLength: 2, maxLength: 5 }), { numRuns: 150, seed: 7 });
    for (const [number, layers] of random.entries()) {
      const stack = layers.map((nodes, depth) => {
        const directory = `${root}/s${number}/${depth}`;
        makeLayer(directory, nodes);
        return directory;
      });
      stacks.push(stack);
    }
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', '1001:1001', root]);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  test.each(mounters)('is what the kernel shows when %s mounts it', (_, mounter) => {
    const shown = kernelView(mounter, root, stacks);
    expect(shown).toHaveLength(stacks.length);
    for (const [number, stack] of stacks.entries()) {
      const ours = [...walkIn(stack, '')].map((node): [string, string] => [node.entry.path, described(node)]);
      expect(ours.sort(byPath)).toEqual([...(shown[number] ?? [])].sort(byPath));
    }
  });

  test('answers for one path, or one directory, what a walk says of it', () => {
    let compared = 0;
    for (const stack of stacks) {
      for (const node of walkIn(stack, '')) {
        expect(statIn(stack, node.entry.path)).toEqual(node);
        compared += listIn(stack, node.entry.path).length;
        expect(statIn(stack, `${node.entry.path}/none`)).toBeUndefined();
      }
      compared += listIn(stack, '').length;
    }
    expect(compared).toBe(stacks.reduce((sum, stack) => sum + [...walkIn(stack, '')].length, 0));
    expect(compared).toBeGreaterThan(500);
  });

  test('shows nothing below what is no directory, and nothing of a stack without layers', () => {
    makeLayer(`${root}/top`, [['a', { kind: 'file', content: '', mode: 0o644 }]]);
    makeLayer(`${root}/bottom`, [['a/b', { kind: 'file', content: '', mode: 0o644 }]]);
    const stack = [`${root}/top`, `${root}/bottom`];
    expect(statIn(stack, 'a')?.entry.kind).toBe('file');
    expect(statIn(stack, 'a/b')).toBeUndefined();
    expect(listIn(stack, 'a')).toEqual([]);
    expect(statIn([], '')).toBeUndefined();
  });
});
