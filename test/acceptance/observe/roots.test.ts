import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until, userKinds, World } from '../world.js';

interface Shadow {
  readonly path: string;
  readonly shadow?: string;
  readonly trueAt?: string;
  readonly failures: number;
  readonly unread?: number;
  readonly error?: { readonly code: string };
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

interface Listed {
  readonly roots: readonly {
    readonly path: string;
    readonly patterns: string;
    readonly initPolicy: string;
    readonly limits: readonly unknown[];
    readonly shadows: readonly Shadow[];
  }[];
}

describe.each(userKinds)('roots, by %s', (user) => {
  let world: World;
  let data = '';
  beforeEach(() => {
    world = new World(user);
    data = path.join(world.root, 'data');
    world.write({ 'README.md': 'read me', 'projects/a/f': '1', 'projects/b/sub/g': '22', 'tmp/x': '' }, data);
    world.write({
      patterns: 'superrepo .\n   enter projects\n    repo projects/*\n',
      policy: 'bundle-subdirs .\nenter-subdirs projects/*\n',
    });
  });
  afterEach(() => world.end());

  const shadows = (): readonly Shadow[] =>
    world.json<Listed>('observe', 'root', 'list').roots.flatMap((one) => one.shadows);

  const refusal = (...args: readonly string[]): Refusal => {
    const { status, err } = world.mzr([...args, '--json']);
    if (status === 0) throw new Error(`mzr ${args.join(' ')} succeeded.`);
    return (JSON.parse(err) as { readonly error: Refusal }).error;
  };

  test('the keeper of a store adds a root, runs, and from then on asks plain git repositories', () => {
    const added = world.mzr([
      'observe',
      'root',
      'add',
      data,
      '--patterns',
      'patterns',
      '--policy',
      'policy',
      '--limit',
      'tmp:entries=1,bytes=1G',
    ]);
    expect(added).toMatchObject({ status: 0, err: '' });
    expect(world.json<Listed>('observe', 'root', 'list').roots).toMatchObject([
      {
        path: data,
        patterns: 'superrepo .\n   enter projects\n    repo projects/*\n',
        initPolicy: 'bundle-subdirs .\nenter-subdirs projects/*\n',
        limits: [{ prefix: 'tmp', entries: 1, bytes: 2 ** 30 }],
        shadows: [],
      },
    ]);
    const found = world.json<{ found: { kind: string; path: string; policy?: string }[] }>(
      'observe',
      'discover',
      data,
    ).found;
    expect(found.map((one) => [one.kind, one.path, one.policy])).toEqual([
      ['candidate', '', 'bundle-subdirs'],
      ['candidate', 'projects/a', 'enter-subdirs'],
      ['candidate', 'projects/b', 'enter-subdirs'],
      ['ignored', 'tmp', undefined],
    ]);
    const started = Date.now();
    const out = world.ok('observe', 'run');
    expect(out).toContain(`made       ${data}: `);
    expect(out).toContain('3 directories: 3 made in');
    for (const { trueAt, failures, shadow = '' } of shadows()) {
      expect(Date.parse(trueAt ?? '')).toBeGreaterThanOrEqual(started - 1);
      expect(failures).toBe(0);
      expect(world.host('git fsck --strict && git show --stat master-stat | head -5', shadow)).toContain('stat ');
    }
    expect(world.ok('observe', 'root', 'list')).toMatch(/0s ago|[1-9]s ago/);
    world.host('head -c 5000 /dev/zero > projects/b/big', data);
    expect(world.ok('observe', 'run', data)).toContain('2 changed, 1 unchanged');
    expect(world.ok('observe', 'ls', path.join(data, 'projects/b'))).toContain('big');
    world.ok('observe', 'root', 'remove', data);
    expect(refusal('observe', 'run')).toMatchObject({ code: 'E_ROOT_UNKNOWN' });
    expect(world.ok('observe', 'ls', path.join(data, 'projects/b')), 'what was recorded stays').toContain('big');
  });

  test('lines can be typed, and settings replaced and taken away', () => {
    world.ok(
      'observe',
      'root',
      'add',
      data,
      '--patterns',
      'repo a*',
      '--patterns',
      'ignore *',
      '--policy',
      'ignore-most',
    );
    world.ok('observe', 'root', 'set', data, '--enable', '1 projects', '--enable', '0 tmp', '--limit', 'entries=7');
    expect(world.json<Listed>('observe', 'root', 'list', data).roots).toMatchObject([
      {
        patterns: 'repo a*\nignore *\n',
        enabledPaths: ['1 projects', '0 tmp'],
        initPolicy: 'ignore-most',
        limits: [{ prefix: '', entries: 7 }],
      },
    ]);
    world.ok('observe', 'root', 'set', data, '--enable', 'none', '--policy', 'none', '--limit', 'none');
    expect(world.json<Listed>('observe', 'root', 'list').roots).toMatchObject([
      { patterns: 'repo a*\nignore *\n', enabledPaths: [], initPolicy: '', limits: [] },
    ]);
  });

  test('without patterns the root itself is observed', () => {
    world.ok('observe', 'root', 'add', data, '--policy', 'bundle-subdirs');
    expect(world.ok('observe', 'run')).toContain('1 directory: 1 made');
    expect(world.ok('observe', 'ls', data)).toMatch(/projects\/.*bundle/);
  });

  test('what is typed wrong is told, with the line of a pattern and the word that was meant', () => {
    world.write({ bad: '# patterns\nrepo [x-]\n' });
    expect(refusal('observe', 'root', 'add', data, '--patterns', 'bad').message).toContain('Line 2');
    expect(refusal('observe', 'root', 'add', data, '--patterns', 'nowhere').code).toBe('E_FILE_UNREADABLE');
    expect(refusal('observe', 'root', 'add', path.join(data, 'README.md')).code).toBe('E_ROOT_GONE');
    expect(refusal('observe', 'root', 'add', data, '--limit', 'entries=many').code).toBe('E_USAGE');
    expect(refusal('observe', 'discover', data).code).toBe('E_ROOT_UNKNOWN');
    expect(refusal('observe', 'run', '--every', '10').code).toBe('E_USAGE');
    world.ok('observe', 'root', 'add', data);
    expect(refusal('observe', 'root', 'add', data).code).toBe('E_ROOT_EXISTS');
    expect(refusal('observe', 'root', 'remove', `${data}a`).hint).toContain(`Did you mean ${data}?`);
    expect(world.mzr(['observe', 'root', 'set', data]).status).toBe(2);
    expect(world.json<Listed>('observe', 'root', 'list').roots).toHaveLength(1);
  });

  test('what fails is listed, counted in the status 1, and the rest is done', () => {
    world.ok('observe', 'root', 'add', data, '--patterns', 'repo *', '--limit', 'tmp:entries=0');
    const { status, out } = world.mzr(['observe', 'run', '--json']);
    const events = out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { kind: string; result?: string; path?: string });
    expect(status).toBe(1);
    expect(events.map(({ kind, result }) => [kind, result])).toEqual([
      ['shadow', 'made'],
      ['shadow', 'failed'],
      ['round', undefined],
    ]);
    expect(shadows()).toMatchObject([{ failures: 0 }, { failures: 1, error: { code: 'E_LIMIT' } }]);
    expect(world.ok('observe', 'root', 'list')).toContain('failed once');
  });

  test('a run for ever sees what is new, ends cleanly when it is told to, and goes on when it is started again', async () => {
    world.ok('observe', 'root', 'add', data, '--patterns', 'repo projects/*', '--patterns', 'enter projects');
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const running = world.background(
        [...world.command, 'observe', 'run', '--every', '1s', '--jobs', '2', '--json'],
        world.tree,
      );
      await until(() => running.out.includes('"round"'), 'the first round is done');
      world.host(`mkdir new-${signal}`, path.join(data, 'projects'));
      await until(() => running.out.includes(`new-${signal}`), 'what is new is found');
      running.child.kill(signal);
      expect(await running.ended()).toMatchObject({ status: 0, err: '' });
    }
    expect(shadows().map((one) => [path.basename(one.path), one.failures])).toEqual([
      ['a', 0],
      ['b', 0],
      ['new-SIGINT', 0],
      ['new-SIGTERM', 0],
    ]);
    expect(world.ok('observe', 'run')).toContain('4 directories: 4 unchanged');
  });

  test('sha hashes what is tracked, content keeps the README.md; both look at the directory first', () => {
    world.ok('observe', 'init', data);
    expect(world.json('observe', 'sha', data)).toMatchObject({ unchanged: false, files: 4, errors: [] });
    const shadow = world.host('find "$HOME" -name "*.fso"').trim();
    const sha256 = createHash('sha256').update('read me').digest('hex');
    expect(world.host('git show master-sha:README.md', shadow)).toContain(`sha256: "${sha256}"\n`);
    world.write({ 'projects/a/late': 'late' }, data);
    world.ok('observe', 'sha', data);
    expect(world.host('git show master-sha:projects/a/late', shadow)).toContain('size: 4\n');
    expect(world.json('observe', 'content', data)).toMatchObject({ unchanged: false, files: 1 });
    expect(world.host('git show master-content:README.md', shadow)).toBe('read me');
    expect(world.ok('observe', 'content', data)).toContain('no changes');
    expect(world.host('git fsck --strict', shadow)).toBe('');
  });

  test('nothing is ever written into the directory, not even a time of access of what one owns', () => {
    world.ok('observe', 'root', 'add', data);
    // To read a link is an access that nothing can hide, and so is to look for directories to observe in the root.
    const paths = world.host('find . -mindepth 1 ! -type l -print0', data).split('\0').slice(0, -1);
    const at = (name: string): string => path.join(data, name);
    execFileSync('touch', ['-a', '-d', '2001-01-01', ...paths.map(at)]);
    const state = (): unknown[] =>
      paths.map((name) => {
        const { ino, mode, mtimeNs, atimeNs, ctimeNs } = fs.lstatSync(at(name), { bigint: true });
        return [name, ino, mode, mtimeNs, atimeNs, ctimeNs];
      });
    const before = state();
    world.ok('observe', 'run');
    world.ok('observe', 'sha', data);
    world.ok('observe', 'content', data);
    expect(state()).toEqual(before);
    expect(fs.readdirSync(data).toSorted()).toEqual(['README.md', 'projects', 'tmp']);
  });
});
