import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockFile } from '../../../src/observe/state-directory.js';
import { shellWord } from '../../../src/cli/reporter/human.js';
import { userKinds, World } from '../world.js';

/** For so long a command is silent. */
const patienceMs = 300;

describe.each(userKinds)('progress, by %s', (user) => {
  let world: World;
  let data = '';
  let shadow = '';
  beforeEach(() => {
    world = new World(user);
    data = path.join(world.root, 'data');
    world.host('mkdir data && cd data && touch -d 2020-01-01 $(seq 300)', world.root);
    shadow = world.ok('observe', 'init', data).trim();
    world.ok('observe', 'stat', data);
    world.ok('observe', 'sha', data);
  });
  afterEach(() => world.end());

  /** What a command says that is kept waiting until it would speak on a terminal. */
  async function keptWaiting(branch: string, argv: readonly string[], said: 'out' | 'err'): Promise<string> {
    const lock = await lockFile(path.join(shadow, `.git/fso/${branch}.lock`));
    if (lock === undefined) throw new Error('The lock is taken.');
    const command = world.background(argv);
    await command.says('waiting for it', () => command[said]);
    await pause(patienceMs + 50);
    await lock.release();
    const ended = await command.ended();
    expect(ended.status).toBe(0);
    return ended[said];
  }

  /** The same on a terminal, with ^ for each time that it begins the line anew. */
  const onTerminal = async (branch: string, ...args: readonly string[]): Promise<string> => {
    const line = [...world.command, 'observe', ...args].map(shellWord).join(' ');
    const out = await keptWaiting(branch, ['script', '-qec', line, '/dev/null'], 'out');
    return out.replaceAll('\r\u001b[K', '^');
  };

  test('a stat on a terminal tells rate, what remains and that it writes, on a line that it takes away again', async () => {
    world.host('rm $(seq 200)', data);
    const out = await onTerminal('stat', 'stat', data);
    expect(out).toMatch(/\^looking, [\d,]+\/s, \d+ s left: 33% \(101\/301\)/);
    expect(out).toMatch(/\^writing: 101\^[0-9a-f]{12}: 101 entries\r\n$/);
  });

  test('sha on a terminal tells how fast it reads, and of how many files', async () => {
    world.host('for f in $(seq 20); do echo $f > $f; touch -d 2021-01-01 $f; done', data);
    const out = await onTerminal('sha', 'sha', data);
    expect(out).toMatch(/\^hashing, 51B at [\d.]+[BKM]\/s, files: 100% \(20\/20\)/);
    expect(out).toMatch(/\^[0-9a-f]{12}: 20 files read, 51B\r\n$/);
  });

  test('in a pipe there is none', async () => {
    fs.writeFileSync(path.join(data, '1'), 'more');
    const err = await keptWaiting('stat', [...world.command, 'observe', 'stat', data], 'err');
    expect(err).toBe('mzr: Another is writing this branch; waiting for it.\n');
  });
});
