import { afterEach, expect, test } from 'vitest';
import { Machine } from './machine.js';
import type { Model } from './model.js';
import { check, draw, type Soak } from './operations.js';
import { Random } from './random.js';

const users = process.getuid?.() === 0 ? (['root', 'ordinary user'] as const) : (['ordinary user'] as const);
const count = Number(process.env['MIZER_SOAK_OPERATIONS'] ?? 40);
const checkEvery = 5;
const seed = Number(process.env['MIZER_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

let machine: Machine | undefined;
afterEach(() => machine?.close());

test.each(users)(
  'random operations leave every tree as the model says, whatever is killed: %s',
  async (user) => {
    console.log(`${user}: ${count} operations, MIZER_SEED=${seed}`);
    machine = new Machine(user);
    const first = new Map([
      ['.gitignore', 'build/'],
      ['a', '0'],
      ['dir/a', '1'],
      ['build/a', '2'],
    ]);
    const model: Model = { head: first, host: first, contexts: new Map() };
    const soak: Soak = {
      machine,
      model,
      random: new Random(seed),
      shells: [],
      torn: false,
      history: [`MIZER_SEED=${seed}`],
    };
    for (let turn = 1; turn <= count; turn += 1) {
      const operation = draw(soak);
      soak.history.push(`${turn}: ${operation.name}`);
      try {
        await operation.perform(soak);
        if (turn % checkEvery === 0 || turn === count) await check(soak);
      } catch (error) {
        throw new Error(soak.history.join('\n'), { cause: error });
      }
    }
    for (const { shell } of soak.shells) await shell.end('exit');
    const names = [...model.contexts.keys()];
    if (names.length > 0) expect(machine.mzr('drop', '--force', ...names).errors).toBe('');
    expect(machine.close(), 'mounts left in the host').toBe('');
    expect(machine.processes(), 'processes left').toEqual([]);
  },
  20_000 + count * 3_000,
);
