import { findingsOf } from '../../doctor/findings.js';
import { lookAtMachine } from '../../doctor/look.js';
import { answer } from '../answer.js';
import { findingList } from '../reporter/machine.js';
import type { World } from '../world.js';

/** Looks in this process: where something that contexts need is missing, no daemon can be asked. */
export async function doctor(_: object, world: World): Promise<number> {
  const findings = findingsOf(lookAtMachine(world.cwd()));
  answer(world, { findings }, () => findingList(findings, world.out.style));
  return findings.some(({ level }) => level === 'error') ? 1 : 0;
}
