import type { TreePath } from '../../model/tree-path.js';
import type { ApplyResult } from '../../protocol/messages.js';
import { answer, ask, defined } from '../answer.js';
import { applyText } from '../reporter/apply.js';
import { jsonChange } from '../reporter/changes.js';
import { jsonPath } from '../reporter/json.js';
import type { World } from '../world.js';

interface ApplyInput {
  readonly context: string;
  readonly paths: readonly TreePath[];
  readonly into: string | undefined;
  readonly dryRun: boolean;
  readonly merge: boolean;
  readonly ignored: boolean;
}

export async function apply(input: ApplyInput, world: World): Promise<number> {
  const { context, paths, into, dryRun, merge, ignored } = input;
  const result = await ask(world, 'context/apply', {
    cwd: world.cwd(),
    context,
    paths,
    dryRun,
    merge,
    ignored,
    ...defined({ into }),
  });
  const document = { context, into: into ?? null, dryRun, ...documentOf(result) };
  answer(world, document, () => applyText(input, result, world.out.style));
  return result.conflicts.length > 0 ? 1 : 0;
}

function documentOf({ written, merged, same, conflicts }: ApplyResult): object {
  return {
    written: written.map(jsonChange),
    merged: merged.map(jsonPath),
    same,
    conflicts: conflicts.map(({ path, reason }) => ({ path: jsonPath(path), reason })),
  };
}
