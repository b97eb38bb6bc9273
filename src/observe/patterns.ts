import { MizerError } from '../model/errors.js';
import { checkPath, isWithin, toDisplay, type TreePath } from '../model/tree-path.js';
import { firstMatch, readRuleLines, type RuleLine } from './rule-lines.js';

const actions = ['repo', 'superrepo', 'enter', 'ignore'] as const;

/** `repo`: observed, not entered. `superrepo`: both. `enter`: entered only. `ignore`: neither. */
export type Action = (typeof actions)[number];

/** Which directories below a root are to be observed. */
export interface Patterns {
  readonly lines: readonly RuleLine<Action>[];
  readonly enabled: readonly EnabledPath[];
}

interface EnabledPath {
  readonly path: TreePath;
  readonly levels: number;
}

/**
 * Reads the patterns of a root, a line `<action> <glob>` each, and its enabled paths, `<levels> <path>` each.
 * @param text the lines as a byte string
 * @param enabledPaths byte strings
 * @throws MizerError `E_PATTERN_INVALID` naming the line, or the enabled path
 */
export function readPatterns(text: string, enabledPaths: readonly string[] = []): Patterns {
  return { lines: readRuleLines(text, actions, 'patterns'), enabled: enabledPaths.map(readEnabledPath) };
}

/**
 * What is to be done with a directory. The first match decides: the enabled paths, which stand for `superrepo <path>`,
 * `superrepo <path>/*` and so on; then an `enter .`, unless the first line speaks of `.` itself; then the lines. What none matches is
 * ignored, and so, before all, is a directory whose name begins with a dot.
 * @param path relative to the root, whose own is `''`
 */
export function actionFor({ lines, enabled }: Patterns, path: TreePath): Action {
  if (isHidden(path)) return 'ignore';
  if (enabled.some((one) => isEnabled(one, path))) return 'superrepo';
  if (path === '' && lines.length > 0 && lines[0]?.glob.source !== '.') return 'enter';
  return firstMatch(lines, path) ?? 'ignore';
}

function isHidden(path: TreePath): boolean {
  return path.startsWith('.', path.lastIndexOf('/') + 1);
}

function isEnabled({ path, levels }: EnabledPath, candidate: TreePath): boolean {
  return isWithin(candidate, path) && depth(candidate) - depth(path) <= levels;
}

function depth(path: TreePath): number {
  return path === '' ? 0 : path.split('/').length;
}

function readEnabledPath(text: string): EnabledPath {
  const [, digits = '', rest = ''] = /^[ \t]*([0-9]{1,6})[ \t]+(.*?)[ \t]*$/s.exec(text) ?? [];
  const path = rest.replace(/^(?:\.\/+)+|\/+$/g, '');
  try {
    if (digits !== '' && path !== '') return { levels: Number(digits), path: path === '.' ? '' : checkPath(path) };
  } catch {
    // Told below, in words that fit here.
  }
  throw new MizerError('E_PATTERN_INVALID', `${toDisplay(text)} is not an enabled path.`, {
    group: 'usage',
    hint: "Write a number of levels and a path below the root: '1 data/raw' stands for data/raw and what is directly in it.",
    data: { enabledPath: toDisplay(text) },
  });
}
