import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyedMutex } from '../../src/daemon/keyed-mutex.js';

it('tasks of one key run one after another in the order of asking, those of different keys at once, whatever fails', async () => {
  const task = fc.record({ key: fc.constantFrom('a', 'b', 'c'), turns: fc.nat(3), fails: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(task, { maxLength: 12 }), async (tasks) => {
      const mutex = new KeyedMutex();
      const running = new Map<string, number>();
      const order: number[] = [];
      const results = await Promise.allSettled(
        tasks.map(({ key, turns, fails }, index) =>
          mutex.run(key, async () => {
            expect(running.get(key) ?? 0).toBe(0);
            running.set(key, 1);
            order.push(index);
            for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
            running.set(key, 0);
            if (fails) throw new Error('meant');
            return index;
          }),
        ),
      );
      expect(results.map(({ status }) => status)).toEqual(tasks.map(({ fails }) => (fails ? 'rejected' : 'fulfilled')));
      for (const key of ['a', 'b', 'c']) {
        const ofKey = order.filter((index) => tasks[index]?.key === key);
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
      }
    }),
  );
});

it('tasks of different keys do not wait for each other', async () => {
  const mutex = new KeyedMutex();
  let release: () => void = () => undefined;
  const slow = mutex.run('a', () => new Promise<void>((resolve) => (release = resolve)));
  expect(await mutex.run('b', () => Promise.resolve('done'))).toBe('done');
  release();
  await slow;
});
