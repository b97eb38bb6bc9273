import { expect, test } from 'vitest';
import { faultOf, shrink, story } from './shrink.js';
import { COMMITS, EVERYTHING, ONE_EPOCH, planOf } from './steps.js';
import type { Mix } from './steps.js';

// Outside of Node (in a browser) there is no environment.
const environment = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {};
/** How many runs of each kind; `npm run soak live` asks for more. */
const runs = Number(environment.MIZER_LIVE_RUNS ?? '500');
/** A failing seed is printed with its kind, and repeated with `MIZER_SEED`. */
const seed = environment.MIZER_SEED === undefined ? undefined : Number(environment.MIZER_SEED);
const STEPS = 36;
const timeout = 60_000 + runs * 200;

async function assertHolds(mix: Mix): Promise<void> {
  const first = seed ?? 1;
  for (let at = first; at < first + (seed === undefined ? runs : 1); at += 1) {
    const plan = planOf(at, mix, STEPS);
    if ((await faultOf(plan)) === undefined) continue;
    const smaller = await shrink(plan);
    expect.fail(story(smaller, await faultOf(smaller)));
  }
}

// Each run also holds, after every quiet point: same entries, same texts, same conflicts, same changes against the base everywhere; after every step: the
// events of every buffer rebuild its text; no character is lost (`characters.ts`). In every tenth, after every step: each tree is what all its operations make
// of its base (`oracle.ts`).
test('all replicas that have seen the same operations show the same tree', () => assertHolds(ONE_EPOCH), timeout);

test(
  'no character is lost unless someone who saw it deleted it, whoever commits meanwhile',
  () => assertHolds(COMMITS),
  timeout,
);

test(
  'no character is lost unless someone who saw it deleted it, wherever HEAD goes',
  () => assertHolds(EVERYTHING),
  timeout,
);
