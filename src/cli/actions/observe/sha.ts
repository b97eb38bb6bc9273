import type { ObserveError } from '../../../observe/scan.js';
import type { Shadow } from '../../../observe/shadow.js';
import { content as takeContent } from '../../../observe/content.js';
import { sha as hash } from '../../../observe/sha.js';
import { type ScanOptions, stat, type StatResult } from '../../../observe/stat.js';
import { answer, remark } from '../../answer.js';
import { interruptible } from '../../interruption.js';
import { count, size } from '../../reporter/human.js';
import { progressLine, type ProgressLine } from '../../reporter/progress.js';
import { hashProgress } from '../../reporter/rounds.js';
import { errorLines, errorsJson, statProgress } from '../../reporter/stat.js';
import type { World } from '../../world.js';
import { shadowAt, type ShadowInput } from './shadow-at.js';

interface ShaInput extends ShadowInput {
  readonly oneFileSystem: boolean;
  readonly respectGitignore: boolean;
  readonly noWait: boolean;
}

interface Common extends Pick<ScanOptions, 'oneFileSystem' | 'respectGitignore'> {
  readonly signal: AbortSignal;
  readonly wait: boolean;
  readonly onWait: () => void;
}

interface Done {
  readonly commit?: string;
  readonly errors: readonly ObserveError[];
}

export function sha(input: ShaInput, world: World): Promise<number> {
  return derive(input, world, async (shadow, common, line) => {
    const progress = hashProgress(world.now(), world.now);
    const done = await hash(shadow, {
      ...common,
      onProgress: (state) => line?.report(progress(state), state.files >= state.expected),
    });
    const { files, bytes } = done;
    return {
      done,
      facts: { files, bytes: Number(bytes) },
      text: `${count(files, 'file')} read, ${size(Number(bytes))}`,
    };
  });
}

export function content(input: ShaInput, world: World): Promise<number> {
  return derive(input, world, async (shadow, common) => {
    const done = await takeContent(shadow, common);
    return { done, facts: { files: done.files }, text: `${count(done.files, 'file')} read` };
  });
}

/** Brings `master-stat` up to date, then the branch that is made from it. */
function derive(
  input: ShaInput,
  world: World,
  work: (
    shadow: Shadow,
    common: Common,
    line: ProgressLine | undefined,
  ) => Promise<{ readonly done: Done; readonly facts: object; readonly text: string }>,
): Promise<number> {
  return interruptible(async (signal) => {
    const shadow = await shadowAt(input, world);
    const onWait = (): void => remark(world, ['Another is writing this branch; waiting for it.']);
    const { oneFileSystem, respectGitignore, noWait } = input;
    const common = { signal, wait: !noWait, onWait, oneFileSystem, respectGitignore };
    const line = world.err.terminal && !world.json ? progressLine(world.err.write, world.now) : undefined;
    try {
      const looked = await look(shadow, common, world, line);
      const { done, facts, text } = await work(shadow, common, line);
      const errors = [...looked.errors, ...done.errors];
      line?.clear();
      remark(world, errorLines(errors));
      const document = {
        commit: done.commit ?? null,
        unchanged: done.commit === undefined,
        ...facts,
        errors: errorsJson(errors),
      };
      answer(
        world,
        document,
        () => `${done.commit === undefined ? 'no changes' : done.commit.slice(0, 12)}: ${text}\n`,
      );
      return errors.length === 0 ? 0 : 1;
    } finally {
      line?.clear();
    }
  });
}

function look(shadow: Shadow, common: Common, world: World, line: ProgressLine | undefined): Promise<StatResult> {
  const progress = statProgress(world.now(), world.now);
  return stat(shadow, { ...common, onProgress: (state) => line?.report(progress(state), state.phase === 'write') });
}
