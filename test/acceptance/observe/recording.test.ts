import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { userKinds, World } from '../world.js';

describe.each(userKinds)('recording, by %s', (user) => {
  let world: World;
  let data = '';
  const observe = (...args: readonly string[]): string => world.ok('observe', ...args);
  const inShadow = (command: string): string => world.host(command, shadow);
  let shadow = '';

  beforeAll(() => {
    world = new World(user);
    data = path.join(world.root, 'data');
    world.write({ 'a/one': '1', 'a/deep/two': '22', three: '333' }, data);
  });
  afterAll(() => {
    if (fs.existsSync(path.join(data, 'closed'))) fs.chmodSync(path.join(data, 'closed'), 0o755);
    world.end();
  });

  test('init prints where the shadow repository is, once; nothing is written into the directory', () => {
    const before = world.host('find . -printf "%p %T@\\n"', data);
    shadow = observe('init', data).trim();
    expect(shadow).toMatch(/\/data\/[-0-9a-f]{36}\.fso$/);
    expect(world.host('find . -printf "%p %T@\\n"', data)).toBe(before);
    const again = world.mzr(['observe', 'init', data, '--json']);
    expect(again.status).toBe(3);
    expect(JSON.parse(again.err)).toMatchObject({ error: { code: 'E_SHADOW_EXISTS' } });
  });

  test('status tells what a stat will record, stat records it, then there are no changes', () => {
    expect(observe('status', data)).toBe('? a/deep/two\n? a/one\n? three\n? .\n');
    expect(observe('stat', data)).toMatch(/^[0-9a-f]{12}: 6 entries\n$/);
    expect(observe('stat', data)).toBe('no changes\n');
    expect(observe('status', data)).toBe('');
    expect(inShadow('git show master-stat:a/one')).toBe(
      `name: "one"\nsize: 1\nmtime: ${world.host('stat -c %Y a/one', data)}`,
    );
    expect(inShadow('git fsck --strict')).toBe('');
  });

  test('the current directory and the shadow repository stand for the directory', () => {
    fs.appendFileSync(path.join(data, 'three'), '4');
    expect(world.mzr(['observe', 'status'], { cwd: path.join(data, 'a') }).out).toContain('M three\n');
    expect(JSON.parse(observe('stat', shadow, '--json'))).toMatchObject({ unchanged: false, entries: 6, errors: [] });
    expect(world.mzr(['observe', 'status', '--exit-code'], { cwd: shadow }).status).toBe(0);
  });

  test('names are quoted for people and whole for programs', () => {
    fs.writeFileSync(path.join(data, 'new\nline'), '');
    expect(observe('status', data)).toContain('? "new\\nline"\n');
    expect(observe('status', '-z', data)).toContain('? new\nline\0');
    expect(world.mzr(['observe', 'status', '--exit-code', data]).status).toBe(1);
    observe('stat', data);
  });

  test('reinit changes what the next stat tracks, rules of one own are taken over by apply-stub', () => {
    expect(observe('reinit', data, '--policy', 'bundle-subdirs')).toMatch(/^master-stub: switch to bundle-subdirs: /);
    expect(observe('reinit', data, '--policy', 'bundle-subdirs')).toBe('no changes\n');
    observe('stat', data);
    expect(inShadow('git ls-tree --name-only master-stat a a/')).toBe('a\n');
    inShadow("printf 'three\\n' > .gitignore && : > .nogbundles && git commit -qam mine");
    expect(observe('apply-stub', data)).toMatch(/^master-stat: [0-9a-f]{12}\nmaster-sha: /);
    observe('stat', data);
    expect(inShadow('git ls-tree -r --name-only master-stat | grep -c three || :')).toBe('0\n');
    expect(world.mzr(['observe', 'reinit', data]).status).toBe(2);
  });

  test('sha and content look at the directory as they are told', () => {
    world.write({ 'ig/.gitignore': 'hidden\n', 'ig/hidden': '', 'ig/seen': '' }, data);
    observe('reinit', data, '--policy', 'enter-subdirs');
    for (const command of ['sha', 'content']) {
      observe(command, data, '--respect-gitignore', '--one-file-system');
      expect(inShadow('git ls-tree --name-only master-stat:ig')).toBe('.nogtree\nseen\n');
    }
  });

  test('what could not be read is listed by path and told by the status', () => {
    fs.mkdirSync(path.join(data, 'closed'));
    if (user === 'root') return;
    fs.chmodSync(path.join(data, 'closed'), 0);
    const { status, err } = world.mzr(['observe', 'stat', data]);
    expect([status, err]).toEqual([1, 'mzr: closed could not be read (EACCES).\n']);
    const { status: same, out } = world.mzr(['observe', 'stat', data, '--json']);
    expect([same, JSON.parse(out)]).toMatchObject([1, { errors: [{ path: 'closed', reason: 'EACCES' }] }]);
  });

  test('what nothing observes is an error that says what to do', () => {
    const { status, err } = world.mzr(['observe', 'stat', world.home, '--json']);
    expect(status).toBe(3);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'E_SHADOW_UNKNOWN' } });
    expect(world.mzr(['observe', 'stat', data, '--mtime-range', '--mtime-range-only']).status).toBe(2);
  });
});
