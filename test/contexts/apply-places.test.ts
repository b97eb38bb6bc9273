import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApplyOutcome, ApplyRequest } from '../../src/contexts/apply.js';
import { upperChanges } from '../../src/contexts/upper-changes.js';
import { removeTree } from '../../src/disk/remove-tree.js';
import { applyChild } from './apply-child.js';
import { inNamespace, mounters } from './kernel-view.js';
import { makeLayer, type Layer, type LayerNode } from './layers.js';
import { viewOf } from './trees.js';

const file = (content: string, mode = 0o644): LayerNode => ({ kind: 'file', content, mode });

/** What an apply in a namespace printed, after what `setUp` mounted there. */
function applyIn(
  mounter: readonly string[],
  setUp: string,
  request: ApplyRequest,
  after = '',
): ApplyOutcome & { code?: string } {
  const script = `set -e; home="$1"; shift; ${setUp}; "$@"; ${after}`;
  const printed = inNamespace(mounter, script, `${request.upper}/..`, process.execPath, ...applyChild(request));
  return JSON.parse(printed.slice(printed.indexOf('\n') + 1)) as ApplyOutcome & { code?: string };
}

describe.each(mounters)('apply, as %s', (who, mounter) => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(`${tmpdir()}/mizer-places-`);
    chmodSync(root, 0o755);
  });
  // An overlay's own directories are closed even to who mounted it.
  afterAll(() => void removeTree(root));

  function world(name: string, base: Layer, upper: Layer): ApplyRequest {
    const home = `${root}/${name}`;
    makeLayer(`${home}/base`, base);
    makeLayer(`${home}/upper`, upper);
    for (const directory of ['host', 'other-upper', 'other-work']) mkdirSync(`${home}/${directory}`);
    const places = {
      layers: [`${home}/base`],
      upper: `${home}/upper`,
      target: `${home}/host`,
      staging: `${home}/host/.staging`,
    };
    return { ...places, paths: [], dryRun: false, merge: false };
  }
  /** What an ordinary user's tests made belongs to him. */
  const handOver = (): void => {
    if (process.getuid?.() === 0 && who !== 'root') execFileSync('chown', ['-R', '1001:1001', root]);
  };

  test('goes into another mounted context, which then differs from their base just as the first does', () => {
    const request = world(
      'mounted',
      [
        ['edited', file('1')],
        ['bits', file('1')],
        ['gone/x', file('1')],
        ['to-file/x', file('1')],
        ['to-directory', file('1')],
        ['d/f', file('1')],
      ],
      [
        ['edited', file('2')],
        ['bits', file('1', 0o755)],
        ['gone', { kind: 'whiteout' }],
        ['to-file', file('2')],
        ['to-directory/x', file('2')],
        ['new/n\xff', file('2')],
        ['link', { kind: 'symlink', target: 'd' }],
        ['d', { kind: 'directory', opaque: true, mode: 0o755 }],
      ],
    );
    handOver();
    const mount = `cd "$home"; mount -t overlay -o userxattr,lowerdir=base,upperdir=other-upper,workdir=other-work overlay host`;
    const outcome = applyIn(mounter, mount, request, '[ ! -e host/.staging/* ]; rmdir host/.staging');
    expect(outcome.conflicts).toEqual([]);
    const kinds = (upper: string): string[] =>
      upperChanges(request.layers, upper).map(({ change }) => JSON.stringify(change));
    expect(kinds(`${request.upper}/../other-upper`)).toEqual(kinds(request.upper));
    expect(kinds(request.upper)).toHaveLength(12);
  });

  test('with a full disk nothing is changed, and nothing is left', () => {
    const request = world(
      'full',
      [['a', file('1')]],
      [
        ['a', file('2')],
        ['b', file('2')],
      ],
    );
    writeFileSync(`${request.upper}/large`, Buffer.alloc(3_000_000, 'x'));
    handOver();
    const mount = `cd "$home"; mount -t tmpfs -o size=1m tmpfs host; cp base/a host/a`;
    const outcome = applyIn(
      mounter,
      mount,
      request,
      '[ "$(cat host/a)" = 1 ]; [ "$(ls -A host)" = $\'.staging\\na\' ]; rmdir host/.staging',
    );
    expect(outcome.code).toBe('E_DISK_FULL');
  });

  test('a file system that refuses a write is named, and what was written is put back', () => {
    const request = world(
      'refused',
      [
        ['a', file('1')],
        ['z/z', file('1')],
      ],
      [
        ['a', file('2')],
        ['z/z', file('2')],
      ],
    );
    handOver();
    const mount = `cd "$home"; cp -a base/. host/; mkdir ro; mount --bind host/z host/z; mount -o remount,bind,ro host/z`;
    const outcome = applyIn(mounter, mount, request, '[ "$(cat host/a host/z/z)" = 11 ]');
    expect(outcome.code).toMatch(/^E_(APPLY|WRITE)_FAILED$/);
  });
});

test('a file that an ordinary user may not read is named, and nothing is written', () => {
  const root = mkdtempSync(`${tmpdir()}/mizer-closed-`);
  chmodSync(root, 0o755);
  makeLayer(`${root}/base`, [['a', file('1')]]);
  makeLayer(`${root}/upper`, [
    ['a', file('2')],
    ['b', file('2', 0o000)],
  ]);
  makeLayer(`${root}/host`, [['a', file('1')]]);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) execFileSync('chown', ['-R', '1001:1001', root]);
  const asUser = isRoot ? ['setpriv', '--reuid=1001', '--regid=1001', '--clear-groups'] : [];
  const places = {
    layers: [`${root}/base`],
    upper: `${root}/upper`,
    target: `${root}/host`,
    staging: `${root}/staging`,
  };
  const { code } = applyIn(asUser, ':', { ...places, paths: [], dryRun: false, merge: false });
  expect(code).toBe('E_UNREADABLE');
  expect(viewOf(`${root}/host`)).toEqual(new Map([['a', 'file 644 1']]));
  expect(readdirSync(`${root}/staging`)).toEqual([]);
  rmSync(root, { recursive: true });
});
