import { resolve } from 'node:path';
import type { Policy } from '../../../observe/policy.js';
import { initBelowRoots } from '../../../observe/rooted-init.js';
import { answer, defined } from '../../answer.js';
import { shown } from '../../reporter/human.js';
import type { World } from '../../world.js';
import { registryOf } from './root.js';

interface InitInput {
  readonly realdir: string;
  readonly policy: Policy | undefined;
  readonly noRollup: boolean;
  readonly shadowRoot: string | undefined;
}

export async function init({ realdir, policy, noRollup, shadowRoot }: InitInput, world: World): Promise<number> {
  const shadow = await initBelowRoots(registryOf(world), {
    realDirectory: resolve(world.cwd(), realdir),
    rollup: !noRollup,
    ...defined({ policy, shadowRoot: shadowRoot === undefined ? undefined : resolve(world.cwd(), shadowRoot) }),
  });
  const { path, uuid, realDirectory, rollup } = shadow;
  answer(world, { path, uuid, realDirectory, rollup }, () => `${shown(path)}\n`);
  return 0;
}
