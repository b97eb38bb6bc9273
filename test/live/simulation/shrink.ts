import type { Plan } from './steps.js';
import { World } from './world.js';

/** What goes wrong in a run; `undefined` when nothing does. */
export async function faultOf(plan: Plan): Promise<Error | undefined> {
  try {
    await World.run(plan);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** A plan with fewer steps and replicas that goes wrong as well (delta debugging), within a number of tries. */
export async function shrink(plan: Plan, tries = 600): Promise<Plan> {
  let best = plan;
  const budget = { left: tries };
  const accept = async (candidate: Plan): Promise<boolean> => {
    budget.left -= 1;
    if ((await faultOf(candidate)) === undefined) return false;
    best = candidate;
    return true;
  };
  for (let size = Math.ceil(best.steps.length / 2); size >= 1 && budget.left > 0;) {
    let isSmaller = false;
    for (let at = 0; at < best.steps.length && budget.left > 0;) {
      const steps = [...best.steps.slice(0, at), ...best.steps.slice(at + size)];
      if (await accept({ ...best, steps })) isSmaller = true;
      else at += size;
    }
    if (!isSmaller || size > 1) size = size === 1 ? 0 : Math.floor(size / 2);
  }
  while (best.replicas > 2 && budget.left > 0 && (await accept({ ...best, replicas: best.replicas - 1 })));
  return best;
}

/** A failing run as it can be read, and run again. */
export function story({ seed, replicas, steps }: Plan, fault: Error | undefined): string {
  const lines = steps.map(
    ({ kind, who, shares }) => `  ${kind} ${who.toFixed(3)} ${shares.map((share) => share.toFixed(3)).join(' ')}`,
  );
  return `MIZER_SEED=${seed}, ${replicas} replicas, shrunk to ${steps.length} steps:\n${lines.join('\n')}\n${fault?.stack}`;
}
