import { expect, test } from 'vitest';
import { faultOf, shrink, story } from './shrink.js';
import { EVERYTHING, ONE_EPOCH, planOf } from './steps.js';
import type { Mix } from './steps.js';

// Outside of Node (in a browser) there is no environment.
const environment = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {};
/** How many runs of each kind; `npm run soak live` asks for more. */
const runs = Number(environment.MIZER_LIVE_RUNS ?? '300');
/** The first seed; a failing one is printed, and repeated with `MIZER_SEED`. */
const first = Number(environment.MIZER_SEED ?? '1');

async function assertHolds(mix: Mix, length: number, count: number): Promise<void> {
  for (let seed = first; seed < first + (environment.MIZER_SEED === undefined ? count : 1); seed += 1) {
    const plan = planOf(seed, mix, length);
    if ((await faultOf(plan)) === undefined) continue;
    const smaller = await shrink(plan);
    expect.fail(story(smaller, await faultOf(smaller)));
  }
}

test('all replicas that have seen the same operations show the same tree', async () => {
  await assertHolds(ONE_EPOCH, 60, runs);
});

test('no character is lost unless someone who saw it deleted it, epochs or not', async () => {
  await assertHolds(EVERYTHING, 60, runs);
});
