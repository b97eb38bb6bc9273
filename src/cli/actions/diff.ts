import { MizerError } from '../../model/errors.js';
import type { TreePath } from '../../model/tree-path.js';
import type { DiffResult } from '../../protocol/messages.js';
import { answer, ask } from '../answer.js';
import { jsonChange, nameStatus, nameStatusNul, paintPatch, stat } from '../reporter/changes.js';
import { plain } from '../reporter/style.js';
import type { World } from '../world.js';

interface DiffInput {
  readonly context: string;
  readonly paths: readonly TreePath[];
  readonly stat: boolean;
  readonly nameStatus: boolean;
  readonly patch: boolean;
  readonly null: boolean;
  readonly ignored: boolean;
  readonly exitCode: boolean;
}

export async function diff(input: DiffInput, world: World): Promise<number> {
  checkFormat(input);
  const { context, paths, patch, ignored } = input;
  const result = await ask(world, 'context/diff', { cwd: world.cwd(), context, paths, patch, ignored });
  answer(world, documentOf(context, result), () => render(input, result, world));
  return input.exitCode && result.changes.length > 0 ? 1 : 0;
}

function checkFormat(input: DiffInput): void {
  const chosen = [input.stat, input.nameStatus || input.null, input.patch].filter(Boolean).length;
  if (chosen < 2) return;
  throw new MizerError('E_USAGE', 'The formats exclude one another.', {
    group: 'usage',
    hint: 'Choose one of --stat, --name-status (or -z) and --patch.',
  });
}

function render(input: DiffInput, result: DiffResult, world: World): string | Uint8Array {
  const { style } = world.out;
  if (input.patch) return paintPatch(patchBytes(result), style);
  if (input.stat) return stat(result.changes, result.lines, style);
  if (input.null) return nameStatusNul(result.changes);
  return nameStatus(result.changes, input.nameStatus ? plain : style);
}

function patchBytes({ patch }: DiffResult): Buffer {
  return Buffer.from(patch ?? '', 'base64');
}

function documentOf(context: string, result: DiffResult): unknown {
  const changes = result.changes.map((change, index) => ({
    ...(jsonChange(change) as object),
    lines: result.lines[index] ?? null,
  }));
  if (result.patch === undefined) return { context, changes };
  const bytes = patchBytes(result);
  const text = bytes.toString('utf8');
  // A patch may hold text of any encoding; base64 as in paths where it is not UTF-8.
  return { context, changes, patch: Buffer.from(text).equals(bytes) ? text : { bytes: result.patch } };
}
