import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userKinds, World } from '../world.js';
import { leftovers } from './leftovers.js';

describe.each(userKinds)('bad input, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ 'a.txt': 'first\n' });
    world.ok('run', '--keep=feature', '--', 'sh', '-c', 'echo feature > a.txt');
    world.ok('run', '--keep=other', 'true');
  });
  afterAll(() => world.end());

  const takesName = (name: string): string[][] => [
    ['show', name],
    ['diff', name],
    ['apply', name],
    ['apply', 'feature', '--into', name],
    ['drop', name],
    ['promote', name],
    ['snapshot', '--of', name],
    ['rewind', name, 'x'],
    ['exec', name, 'true'],
    ['limit', name, '--pids', '10'],
    ['pause', name],
    ['resume', name],
    ['stop', name],
  ];

  it('suggests the nearest name for an unknown one, whatever the command, and does nothing', async () => {
    for (const command of takesName('featrue')) {
      const error = world.refusal(...command);
      expect([command.join(' '), error.code]).toEqual([command.join(' '), 'E_CONTEXT_UNKNOWN']);
      expect(error.hint).toContain("'feature'");
    }
    expect(world.refusal('run', '--from', 'otehr', 'true')).toMatchObject({
      code: 'E_FROM_UNKNOWN',
      hint: "Did you mean 'other'?",
    });
    expect(await leftovers(world, ['feature', 'other'])).toEqual([]);
  });

  it('drops none of several contexts when one of them is unknown', () => {
    expect(world.refusal('drop', '--force', 'feature', 'oter')).toMatchObject({ code: 'E_CONTEXT_UNKNOWN' });
    expect(Object.keys(world.contexts())).toEqual(['feature', 'other']);
  });

  it('takes a path or an option for no name of a context, whatever the command', async () => {
    for (const name of ['../feature', '--force']) {
      for (const command of takesName(name).filter(([verb]) => verb !== 'apply')) {
        const { status, out, err } = world.mzr(command);
        expect([command, out, status, err.includes('should not have')]).toEqual([command, '', 2, false]);
      }
    }
    expect(await leftovers(world, ['feature', 'other'])).toEqual([]);
  });

  it.each([['..'], ['/etc'], ['.git'], ['a b'], ['-x'], [''], ['ä'], ['a\nb'], ['x'.repeat(65)], ['name.lock']])(
    'makes no context with the name %j',
    (name) => {
      for (const make of [
        ['run', `--keep=${name}`, 'true'],
        ['shell', '--', name],
      ]) {
        expect([make, world.refusal(...make).code]).toEqual([make, 'E_NAME_INVALID']);
      }
      expect(Object.keys(world.contexts())).toEqual(['feature', 'other']);
    },
  );

  it('refuses paths outside the work tree wherever a path inside is meant', () => {
    for (const path of ['../x', '/etc/passwd', 'a/../../x']) {
      for (const command of [
        ['diff', 'feature', path],
        ['apply', 'feature', path],
        ['run', '--share', path, 'true'],
        ['run', '--exclude', path, 'true'],
      ]) {
        expect([command, world.refusal(...command).code]).toEqual([command, 'E_PATH_INVALID']);
      }
    }
  });

  it('does not take a revision or a branch that begins with a dash for an option of git', () => {
    expect(world.refusal('run', '--at=--output=x', 'true').code).toMatch(/^E_/);
    expect(world.refusal('run', '--at', 'nosuch', 'true')).toMatchObject({ code: 'E_REV_UNKNOWN' });
    expect(world.refusal('run', '--branch=-d', 'true').code).toMatch(/^E_/);
    expect(world.host('ls; git branch --format="%(refname:short)"')).toBe('a.txt\nmain\n');
  });

  it('refuses to drop or to rewind a context in use, and says by whom', async () => {
    const { id } = world.json<{ id: string }>('snapshot', '--of', 'feature');
    const shell = world.shell('feature');
    const pid = (await shell.type('echo $$')).trim();
    for (const command of [
      ['drop', 'feature'],
      ['rewind', 'feature', id],
    ]) {
      const error = world.refusal(...command);
      expect([command, error.code]).toEqual([command, 'E_CONTEXT_IN_USE']);
      expect(error.message).toContain(`(${pid})`);
      expect(error.hint).toContain('mzr stop feature');
    }
    expect(await shell.type('cat a.txt')).toBe('feature\n');
    await shell.end('exit');
    world.ok('rewind', 'feature', id);
    expect(world.inside('feature', 'cat a.txt')).toBe('feature\n');
  });

  it('refuses a branch that is checked out in the host view or in another context, and makes nothing', async () => {
    expect(world.refusal('run', '--branch', 'main', 'true')).toMatchObject({ code: 'E_BRANCH_IN_USE' });
    world.ok('run', '--keep=holder', '--branch', 'topic', 'true');
    const error = world.refusal('run', '--branch', 'topic', 'true');
    expect(error.code).toBe('E_BRANCH_IN_USE');
    expect(error.message + (error.hint ?? '')).toContain('holder');
    expect(world.mzr(['exec', 'feature', '--', 'git', 'checkout', '-q', 'topic']).status).not.toBe(0);
    expect(world.mzr(['exec', 'feature', '--', 'git', 'checkout', '-q', 'main']).status).not.toBe(0);
    expect(await leftovers(world, ['feature', 'holder', 'other'])).toEqual([]);
  });
});
