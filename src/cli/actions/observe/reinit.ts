import type { Policy } from '../../../observe/policy.js';
import { applyStub as apply, reinit as reinitShadow, type AppliedStub } from '../../../observe/reinit.js';
import { MizerError } from '../../../model/errors.js';
import { answer } from '../../answer.js';
import type { World } from '../../world.js';
import { shadowAt, type ShadowInput } from './shadow-at.js';

export async function reinit(
  input: ShadowInput & { readonly policy: Policy | undefined },
  world: World,
): Promise<number> {
  if (input.policy === undefined) {
    throw new MizerError('E_USAGE', 'mzr observe reinit needs --policy.', {
      group: 'usage',
      hint: 'Give one of enter-subdirs, bundle-subdirs, ignore-subdirs, ignore-most.',
    });
  }
  const result = await reinitShadow(await shadowAt(input, world), input.policy);
  const { commit, applied } = result;
  const first = commit === undefined ? '' : `master-stub: switch to ${input.policy}: ${commit.slice(0, 12)}\n`;
  answer(world, { commit: commit ?? null, applied }, () => `${first}${appliedText(applied)}` || 'no changes\n');
  return 0;
}

export async function applyStub(input: ShadowInput, world: World): Promise<number> {
  const applied = await apply(await shadowAt(input, world));
  answer(world, { applied }, () => appliedText(applied) || 'no changes\n');
  return 0;
}

function appliedText(applied: readonly AppliedStub[]): string {
  return applied.map(({ branch, commit }) => `${branch}: ${commit.slice(0, 12)}\n`).join('');
}
