import { status as statusOf } from '../../../observe/status.js';
import { answer, remark } from '../../answer.js';
import { interruptible } from '../../interruption.js';
import { jsonPath } from '../../reporter/json.js';
import { progressLine } from '../../reporter/progress.js';
import { errorLines, errorsJson, statProgress, statusBytes, statusText } from '../../reporter/stat.js';
import type { World } from '../../world.js';
import { shadowAt, type ShadowInput } from './shadow-at.js';

interface StatusInput extends ShadowInput {
  readonly null: boolean;
  readonly oneFileSystem: boolean;
  readonly respectGitignore: boolean;
  readonly exitCode: boolean;
}

export function status(input: StatusInput, world: World): Promise<number> {
  return interruptible(async (signal) => {
    const shadow = await shadowAt(input, world);
    const { oneFileSystem, respectGitignore } = input;
    const line = world.err.terminal && !world.json ? progressLine(world.err.write, world.now) : undefined;
    const progress = statProgress(world.now(), world.now);
    try {
      const { changes, entries, errors } = await statusOf(shadow, {
        oneFileSystem,
        respectGitignore,
        signal,
        onProgress: (state) => line?.report(progress(state)),
      });
      line?.clear();
      remark(world, errorLines(errors));
      const document = {
        changes: changes.map(({ path, change, isDirectory }) => ({ path: jsonPath(path), change, isDirectory })),
        entries,
        errors: errorsJson(errors),
      };
      answer(world, document, () => (input.null ? statusBytes(changes) : statusText(changes, world.out.style)));
      return errors.length > 0 || (input.exitCode && changes.length > 0) ? 1 : 0;
    } finally {
      line?.clear();
    }
  });
}
