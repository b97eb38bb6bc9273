import { answer, ask } from '../answer.js';
import type { Perform } from '../declaration.js';
import { count } from '../reporter/human.js';

type Method = 'context/pause' | 'context/resume' | 'context/stop';

export const pause = over('context/pause', 'frozen');
export const resume = over('context/resume', 'thawed');
export const stop = over('context/stop', 'ended');

/** The three do the same to all processes of a context, but for the verb. */
function over(method: Method, done: string): Perform<{ readonly context: string }> {
  return async ({ context }, world) => {
    const { processes } = await ask(world, method, { cwd: world.cwd(), context });
    answer(world, { context, processes }, () => `${count(processes, 'process', 'processes')} of ${context} ${done}.\n`);
    return 0;
  };
}
