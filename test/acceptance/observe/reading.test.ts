import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { userKinds, World } from '../world.js';

/** What `mzr … --json` says a line at a time. */
const linesOf = (text: string): readonly Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe.each(userKinds)('what was observed, asked for by %s', (user) => {
  let world: World;
  let data = '';
  let between = '';
  const names = (...args: readonly string[]): readonly unknown[] =>
    linesOf(world.ok(...args, '--json')).map((line) => line['path']);

  const refusal = (...args: readonly string[]): unknown =>
    (JSON.parse(world.mzr([...args, '--json']).err) as { readonly error: unknown }).error;

  beforeAll(() => {
    world = new World(user);
    data = path.join(world.root, 'data');
    world.write(
      {
        'logs/app.log': 'x'.repeat(3000),
        'photos/a.raw': 'y'.repeat(9000),
        'photos/old/b.raw': 'z'.repeat(100),
        '-dash': '',
      },
      data,
    );
    world.host(
      `printf x > 'odd
name' && printf y > "$(printf 'latin\\351')" && ln -s ../logs photos/link && mkfifo pipe`,
      data,
    );
    world.ok('observe', 'init', data);
    world.ok('observe', 'stat', data);
    // Times of commits are whole seconds.
    world.host('sleep 1.1');
    between = new Date().toISOString();
    world.host(
      `head -c 50000 /dev/zero >> logs/app.log && rm -r photos/old && mkdir new && printf 12345 > new/file && sleep 1.1`,
      data,
    );
    world.ok('observe', 'stat', data);
  });
  afterAll(() => world.end());

  test('ls tells what is there, and what was there, as du and find count it', () => {
    const [top, ...rest] = linesOf(world.ok('observe', 'ls', data, '--depth', 'all', '--json'));
    const files = world.host('find . -type f -printf x | wc -c', data).trim();
    const bytes = world.host("find . -type f -printf '%s\\n' | awk '{ s += $1 } END { print s }'", data).trim();
    expect(top).toMatchObject({ path: '.', kind: 'directory', files: Number(files), size: Number(bytes) });
    expect(rest.filter(({ kind }) => kind === 'file')).toHaveLength(Number(files));
    expect(names('observe', 'ls', path.join(data, 'photos/old'), '--at', between)).toEqual([
      'photos/old',
      'photos/old/b.raw',
    ]);
    expect(refusal('observe', 'ls', path.join(data, 'photos/old'))).toMatchObject({ code: 'E_PATH_UNKNOWN' });
  });

  test('ls stands by itself in the directory, and knows it by its shadow repository as well', () => {
    const here = world.mzr(['observe', 'ls', '--json'], { cwd: path.join(data, 'photos') });
    expect(linesOf(here.out).map((line) => line['path'])).toEqual(['photos', 'photos/a.raw', 'photos/link']);
    const shadow = world.host('find "$HOME" -name "*.fso"').trim();
    expect(names('observe', 'ls', shadow)).toEqual(names('observe', 'ls', data));
  });

  test('every name comes out: quoted in a table, as bytes in JSON', () => {
    expect(names('observe', 'ls', data)).toEqual(
      expect.arrayContaining([
        'odd\nname',
        '-dash',
        { bytes: Buffer.from('latin\u00e9', 'latin1').toString('base64') },
      ]),
    );
    const table = world.ok('observe', 'ls', data, '--sort', 'size');
    expect(table).toContain('"odd\\nname"');
    expect(table).toContain('"latin\\351"');
    expect(table.split('\n')[1]).toMatch(/^ {2}52K +1 .* logs\/$/);
    expect(table).toMatch(/61K in 6 files and 4 directories, recorded \d{4}-/);
  });

  test('growth tells what came, went and grew since then, and its sum', () => {
    const [top, ...rest] = linesOf(world.ok('observe', 'growth', data, '--since', between, '--json'));
    expect(top).toMatchObject({ path: '.', change: 'grew', bytes: 50_000 + 5 - 100, files: 0 });
    expect(rest.map(({ path: at, change, bytes }) => [at, change, bytes])).toEqual([
      ['logs', 'grew', 50_000],
      ['photos', 'shrank', -100],
      ['new', 'came', 5],
    ]);
    expect(world.ok('observe', 'growth', data, '--since', between)).toMatch(/\n\+49K in 0 files between /);
    expect(world.ok('observe', 'growth', data, '--since', 'now')).toMatch(/^Nothing has changed between /);
    expect(world.mzr(['observe', 'growth', data])).toMatchObject({
      status: 2,
      err: expect.stringContaining('--since'),
    });
    expect(refusal('observe', 'growth', data, '--since', 'mondya')).toMatchObject({ code: 'E_REVISION_UNKNOWN' });
  });

  test('a table is as wide as the terminal, and has colours there only', () => {
    const on = (columns: number, env: string): string => {
      const line = `stty cols ${columns}; ${env} ${world.command.join(' ')} observe ls '${data}' --sort size`;
      return world.host(`script -qec "$1" /dev/null`.replace('"$1"', `'${line.replaceAll("'", `'\\''`)}'`));
    };
    const bar = (text: string): number => /█+/.exec(text)?.[0].length ?? 0;
    expect(on(160, 'TERM=xterm')).toContain('\u001b[36m');
    expect(on(160, 'TERM=xterm NO_COLOR=1')).not.toContain('\u001b[36m');
    expect(bar(on(160, 'TERM=xterm'))).toBeGreaterThan(bar(on(60, 'TERM=xterm')));
    expect(world.ok('observe', 'ls', data)).not.toContain('\u001b');
  });

  test('export writes every path, and ends when nobody reads on', () => {
    const csv = world.ok('observe', 'export', data, '--format', 'csv');
    expect(csv.split('\r\n')[0]).toBe('path,kind,size,mtime,dirs,files,links,others,target,head');
    expect(csv).toContain('"photos/link",link,0,,0,0,1,0,"../logs",');
    expect(linesOf(world.ok('observe', 'export', data))).toHaveLength(11);
    const line = `${world.command.join(' ')} observe export '${data}' | head -c 1; echo " ok"`;
    expect(world.host(line)).toContain('{ ok');
  });

  test('ls and growth write a page, in one step and where they are told', () => {
    const page = path.join(world.root, 'page.html');
    expect(world.json('observe', 'ls', data, '--html', page)).toEqual({ file: page });
    expect(fs.readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/);
    world.ok('observe', 'growth', data, '--since', between, '--html', page);
    expect(fs.readFileSync(page, 'utf8')).toContain('"kind":"growth"');
    expect(refusal('observe', 'ls', data, '--html', '/nonexistent/page.html')).toMatchObject({
      code: 'E_WRITE_FAILED',
    });
  });

  test('metadata is set, told, listed and compared', () => {
    const photos = path.join(data, 'photos');
    expect(world.mzr(['observe', 'meta', 'get', photos])).toMatchObject({ status: 1, out: '' });
    world.ok('observe', 'meta', 'set', photos, 'owner="ada"', 'tags=["a","b"]');
    expect(world.ok('observe', 'meta', 'get', photos)).toBe('owner: "ada"\ntags: ["a","b"]\n');
    expect(world.ok('observe', 'meta', 'get', photos, 'owner')).toBe('owner: "ada"\n');
    const { commit } = world.json<{ commit: string }>('observe', 'meta', 'get', photos);
    world.ok('observe', 'meta', 'set', photos, 'owner=', '--expect', commit);
    expect(refusal('observe', 'meta', 'set', photos, 'owner=1', '--expect', commit)).toMatchObject({
      code: 'E_META_CHANGED',
    });
    expect(linesOf(world.ok('observe', 'meta', 'list', data, '--json'))).toEqual([
      { path: 'photos', metadata: { tags: ['a', 'b'] } },
    ]);
    expect(world.mzr(['observe', 'meta', 'set', photos, 'owner=ada'])).toMatchObject({
      status: 2,
      err: expect.stringContaining(`owner='"ada"'`),
    });
    expect(world.host('git -C "$(find "$HOME" -name "*.fso")" fsck --strict 2>&1')).toBe('');
  });

  test('what nothing observes is refused with the command that would', () => {
    const { status, stderr } = spawnSync(
      world.command[0] ?? '',
      [...world.command.slice(1), 'observe', 'ls', '/nonexistent'],
      {
        encoding: 'utf8',
        env: { ...world.environment },
      },
    );
    expect(status).toBe(3);
    expect(stderr).toContain('E_SHADOW_UNKNOWN');
    expect(stderr).toContain('mzr observe init');
  });
});
