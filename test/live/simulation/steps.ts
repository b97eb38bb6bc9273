import { randomFrom } from './random.js';

export type StepKind =
  | 'create'
  | 'rename'
  | 'remove'
  | 'edit'
  | 'type'
  | 'undo'
  | 'redo'
  | 'write'
  | 'mode'
  | 'open'
  | 'close'
  | 'deliver'
  | 'tell'
  | 'partition'
  | 'heal'
  | 'hold'
  | 'release'
  | 'reset'
  | 'commit'
  | 'commit-later'
  | 'crash'
  | 'lose'
  | 'clock'
  | 'garbage'
  | 'quiet';

/** One thing that happens. The shares (0 to 1) choose among what is there then, so that a step means something after others were left out. */
export interface Step {
  readonly kind: StepKind;
  readonly who: number;
  readonly shares: readonly [number, number, number, number];
}

export interface Plan {
  readonly seed: number;
  readonly replicas: number;
  readonly steps: readonly Step[];
}

export type Mix = Partial<Record<StepKind, number>>;

/** Everything that may happen, and how often. */
export const EVERYTHING: Mix = {
  create: 5,
  rename: 6,
  remove: 3,
  edit: 10,
  type: 5,
  undo: 2,
  redo: 1,
  write: 2,
  mode: 1,
  open: 4,
  close: 1,
  deliver: 16,
  tell: 2,
  partition: 1,
  heal: 1,
  hold: 1,
  release: 1,
  reset: 2,
  commit: 2,
  'commit-later': 1,
  crash: 1,
  lose: 0.3,
  clock: 2,
  garbage: 1,
  quiet: 1,
};

/** What may happen within one epoch. */
export const ONE_EPOCH: Mix = { ...EVERYTHING, reset: 0, commit: 0, 'commit-later': 0 };

/** Commits, one upon the other and at once, but HEAD goes nowhere else. */
export const COMMITS: Mix = { ...EVERYTHING, reset: 0, commit: 4 };

export function planOf(seed: number, mix: Mix, length: number): Plan {
  const random = randomFrom(seed);
  const kinds = Object.entries(mix) as [StepKind, number][];
  const total = kinds.reduce((sum, [, weight]) => sum + weight, 0);
  const steps = Array.from({ length }, (): Step => {
    let at = random() * total;
    const kind = kinds.find(([, weight]) => (at -= weight) < 0)?.[0] ?? 'quiet';
    return { kind, who: random(), shares: [random(), random(), random(), random()] };
  });
  // Mostly few: what goes wrong goes wrong among two or three.
  const replicas = 2 + Math.floor(random() ** 3 * 7);
  return { seed, replicas, steps };
}
