import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until, userKinds, World } from '../world.js';
import { leftovers } from './leftovers.js';

const damages: readonly (readonly [string, (text: Buffer) => string | Uint8Array])[] = [
  ['truncated', (text) => text.subarray(0, Math.floor(text.length / 2))],
  ['garbage', () => 'garbage \u0000\u0001 { [ not JSON'],
  ['of another version', (text) => text.toString('latin1').replace('"version":1', '"version":2')],
];

// How a file is read does not depend on the user: the second kind meets one damage of each.
const cases = userKinds.map((user, index) => ({ user, some: index === 0 ? damages : damages.slice(1, 2) }));

describe.each(cases)('corrupt and foreign state files, as $user', ({ user, some }) => {
  let world: World;
  let store: string;
  let layer: string;
  beforeAll(async () => {
    world = new World(user);
    world.repository({ 'a.txt': 'first\n', 'b.txt': 'b\n', '.gitignore': 'out\n' });
    world.ok('run', '--keep=hurt', '--', 'sh', '-c', 'echo work > a.txt');
    world.host('echo second > b.txt');
    world.ok('run', '--keep=sound', '--', 'sh', '-c', 'echo mine > a.txt');
    store = path.join(world.tree, '.git/mizer');
    // It is written when nobody waits.
    await until(() => fs.existsSync(path.join(store, 'index/current.json')), 'an index is prepared');
    const record = JSON.parse(fs.readFileSync(path.join(store, 'contexts/hurt/context.json'), 'utf8')) as {
      base: string;
    };
    layer = record.base;
  });
  afterAll(() => world.end());

  /** Damages a file while no daemon runs, does something, and puts it back as it was. */
  function withDamage(file: string, damage: (text: Buffer) => string | Uint8Array, action: () => void): void {
    const whole = path.join(store, file);
    const text = fs.readFileSync(whole);
    stop();
    fs.writeFileSync(whole, damage(text));
    try {
      action();
    } finally {
      stop();
      // A layer that mizer could not use it may have thrown away.
      if (fs.existsSync(path.dirname(whole))) fs.writeFileSync(whole, text);
    }
  }

  function stop(): void {
    world.ok('daemon', 'stop', '--force');
  }

  /** Everything that `mzr` is asked must be answered, be it by an error, never by a stack. */
  function answer(...args: string[]): { readonly status: number | null; readonly err: string; readonly out: string } {
    const outcome = world.mzr(args);
    expect([args, /should not have|\n\s+at \w/.test(outcome.err)]).toEqual([args, false]);
    expect([0, 1, 2, 3]).toContain(outcome.status);
    return outcome;
  }

  function soundIsWell(): void {
    expect(world.inside('sound', 'cat a.txt b.txt')).toBe('mine\nsecond\n');
    expect(world.ok('diff', 'sound', '--name-status')).toContain('a.txt');
  }

  it.each(some)('keeps all else going when a context.json is %s', (_, damage) => {
    withDamage('contexts/hurt/context.json', damage, () => {
      const shown = world.refusal('show', 'hurt');
      expect(shown).toMatchObject({ code: 'E_CONTEXT_HURT', hint: expect.stringContaining('/upper') as string });
      const listed = answer('list', '--all');
      expect([listed.status, listed.out.includes('sound'), listed.err.includes("'hurt'")]).toEqual([0, true, true]);
      for (const args of [
        ['exec', 'hurt', 'true'],
        ['drop', 'hurt'],
        ['diff', 'hurt'],
      ])
        expect(answer(...args).status).toBe(3);
      expect(answer('gc').status).toBe(0);
      expect(world.ok('run', 'cat', 'a.txt')).toBe('first\n');
      soundIsWell();
    });
    expect(world.inside('hurt', 'cat a.txt b.txt')).toBe('work\nb\n');
  });

  it('does not take a context for a leftover because its record was moved away', () => {
    const file = path.join(store, 'contexts/hurt/context.json');
    stop();
    fs.renameSync(file, `${world.root}/aside`);
    expect(world.refusal('show', 'hurt')).toMatchObject({ code: 'E_CONTEXT_HURT' });
    answer('gc');
    fs.renameSync(`${world.root}/aside`, file);
    expect(world.inside('hurt', 'cat a.txt')).toBe('work\n');
  });

  it('refuses the record of another context', () => {
    const other = fs.readFileSync(path.join(store, 'contexts/sound/context.json'));
    withDamage(
      'contexts/hurt/context.json',
      () => other,
      () => {
        expect(world.refusal('exec', 'hurt', 'true')).toMatchObject({ code: 'E_CONTEXT_HURT' });
        soundIsWell();
      },
    );
  });

  it.each(some)(
    'refuses what stands on a layer whose layer.json is %s, makes new contexts without it, and drops nothing',
    (_, damage) => {
      withDamage(`layers/${layer}/layer.json`, damage, () => {
        expect(world.refusal('exec', 'hurt', 'true')).toMatchObject({ code: 'E_CONTEXT_HURT' });
        expect(answer('list').status).toBe(0);
        expect(answer('snapshots').err).toContain(layer);
        expect(answer('gc').status).toBe(0);
        expect(world.ok('run', 'cat', 'a.txt', 'b.txt')).toBe('first\nsecond\n');
      });
      expect(world.inside('hurt', 'cat a.txt b.txt')).toBe('work\nb\n');
      soundIsWell();
    },
  );

  it.each([
    ...some.map(([name, damage]) => ['host.json', name, damage] as const),
    ['host.json', 'of a snapshot that is not there', () => '{"snapshot":"000000000000000ffff"}'] as const,
    ['index/current.json', 'garbage', () => 'garbage'] as const,
    ['index/current.json', 'of a snapshot that is not there', () => '{"snapshot":"../..","stamp":"x"}'] as const,
  ])('goes on as if there were none when %s is %s', (file, _, damage) => {
    withDamage(file, damage, () => {
      expect(world.ok('run', 'cat', 'a.txt', 'b.txt')).toBe('first\nsecond\n');
      soundIsWell();
      expect(world.inside('hurt', 'cat a.txt; git status --short')).toMatch(/^work\n M a.txt\n/);
    });
  });

  it.each([...some, ['of random bytes', (text: Buffer) => text.map((byte, at) => byte ^ (at * 37))] as const])(
    'snapshots anew when the manifest of the host view is %s',
    (_, damage) => {
      const holder = fs
        .readdirSync(path.join(store, 'layers'))
        .find((id) => fs.existsSync(path.join(store, 'layers', id, 'host.manifest')));
      withDamage(`layers/${holder}/host.manifest`, damage, () => {
        expect(world.ok('run', 'cat', 'a.txt', 'b.txt')).toBe('first\nsecond\n');
        soundIsWell();
      });
    },
  );

  it('snapshots anew when the list of what a thin layer changed is damaged', () => {
    for (const [name, damage] of some) {
      world.host(`echo third ${name} > b.txt`);
      world.ok('run', 'true');
      const { snapshot } = JSON.parse(fs.readFileSync(path.join(store, 'host.json'), 'utf8')) as { snapshot: string };
      if (!fs.existsSync(path.join(store, 'layers', snapshot, 'host.patch'))) throw new Error('It is no thin layer.');
      withDamage(`layers/${snapshot}/host.patch`, damage, () => {
        expect(world.ok('run', 'cat', 'b.txt')).toBe(`third ${name}\n`);
        soundIsWell();
      });
    }
    world.host('echo second > b.txt');
  });

  it.each(some)(
    'says which file is hurt when store.json is %s, loses nothing, and goes on when it is moved away',
    (_, damage) => {
      withDamage('store.json', damage, () => {
        for (const args of [['list'], ['run', 'true'], ['gc']]) {
          const { status, err } = answer(...args);
          expect([args, status, err.includes('store.json')]).toEqual([args, 3, true]);
        }
      });
      stop();
      const aside = `${world.root}/aside`;
      fs.renameSync(path.join(store, 'store.json'), aside);
      soundIsWell();
      expect(world.inside('hurt', 'cat a.txt; git status --short')).toBe('work\n M a.txt\n');
      fs.rmSync(aside);
    },
  );

  it('removes a context that is hurt with --force, and nothing else', async () => {
    fs.writeFileSync(path.join(store, 'contexts/hurt/context.json'), 'garbage');
    expect(world.refusal('drop', 'hurt')).toMatchObject({ code: 'E_CONTEXT_HURT' });
    world.ok('drop', '--force', 'hurt');
    expect(await leftovers(world, ['sound'])).toEqual([]);
    soundIsWell();
  });

  it('refuses a context whose upper directory or layer was deleted by hand, and lets the others be', async () => {
    for (const part of ['upper', 'layer']) {
      world.ok('run', '--keep=gone', '--', 'sh', '-c', 'echo lost > a.txt');
      const { base } = JSON.parse(fs.readFileSync(path.join(store, 'contexts/gone/context.json'), 'utf8')) as {
        base: string;
      };
      if (part === 'layer') {
        // A layer that no other context stands on.
        world.ok('drop', '--force', 'gone');
        world.host('echo only > only.txt');
        world.ok('run', '--keep=gone', '--', 'sh', '-c', 'echo lost > a.txt');
      }
      const record = JSON.parse(fs.readFileSync(path.join(store, 'contexts/gone/context.json'), 'utf8')) as {
        base: string;
      };
      stop();
      const victim = part === 'upper' ? 'contexts/gone/upper' : `layers/${record.base}`;
      fs.rmSync(path.join(store, victim), { recursive: true });
      expect([part, base === record.base]).toEqual([part, part === 'upper']);
      expect(world.refusal('exec', 'gone', 'true')).toMatchObject({ code: 'E_CONTEXT_HURT' });
      expect(answer('list').out).toContain('gone');
      expect(answer('gc').status).toBe(0);
      expect(world.ok('run', 'cat', 'a.txt')).toBe('first\n');
      soundIsWell();
      world.ok('drop', '--force', 'gone');
      world.host('rm -f only.txt');
      expect(await leftovers(world, ['sound'])).toEqual([]);
    }
  });
});
