import { stat as statShadow } from '../../../observe/stat.js';
import { MizerError } from '../../../model/errors.js';
import { answer, defined, remark } from '../../answer.js';
import { interruptible } from '../../interruption.js';
import { progressLine } from '../../reporter/progress.js';
import { errorLines, statJson, statProgress, statText } from '../../reporter/stat.js';
import type { World } from '../../world.js';
import { shadowAt, type ShadowInput } from './shadow-at.js';

interface StatInput extends ShadowInput {
  readonly force: boolean;
  readonly mtimeRange: boolean;
  readonly mtimeRangeOnly: boolean;
  readonly oneFileSystem: boolean;
  readonly respectGitignore: boolean;
  readonly noWait: boolean;
}

export function stat(input: StatInput, world: World): Promise<number> {
  return interruptible(async (signal) => {
    if (input.mtimeRange && input.mtimeRangeOnly) {
      throw new MizerError('E_USAGE', '--mtime-range and --mtime-range-only exclude one another.', {
        group: 'usage',
        hint: 'See mzr help observe stat.',
      });
    }
    const shadow = await shadowAt(input, world);
    const { force, oneFileSystem, respectGitignore, noWait } = input;
    const mtimeRange = input.mtimeRangeOnly ? 'only' : input.mtimeRange ? 'also' : undefined;
    const line = world.err.terminal && !world.json ? progressLine(world.err.write, world.now) : undefined;
    const progress = statProgress(world.now(), world.now);
    try {
      const result = await statShadow(shadow, {
        force,
        oneFileSystem,
        respectGitignore,
        wait: !noWait,
        signal,
        onWait: () => remark(world, ['Another is writing this branch; waiting for it.']),
        onProgress: (state) => line?.report(progress(state), state.phase === 'write'),
        ...defined({ mtimeRange }),
      });
      line?.clear();
      remark(world, errorLines(result.errors));
      answer(world, statJson(result), () => statText(result));
      return result.errors.length === 0 ? 0 : 1;
    } finally {
      line?.clear();
    }
  });
}
