import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { MizerError } from '../../../model/errors.js';
import { toText } from '../../../model/tree-path.js';
import type { Limit } from '../../../observe/limits.js';
import { POLICIES } from '../../../observe/policy.js';
import type { RootSettings } from '../../../observe/registry.js';
import { none } from '../../arguments/root-types.js';
import type { World } from '../../world.js';

export interface SettingsInput {
  readonly patterns: readonly string[];
  readonly enable: readonly string[];
  readonly policy: readonly string[];
  readonly limit: readonly (Limit | typeof none)[];
}

/** What the options say of a root: only what was given. An empty init policy is none. */
export function settingsOf(input: SettingsInput, world: World): Partial<RootSettings> {
  const given: { -readonly [K in keyof RootSettings]?: RootSettings[K] } = {};
  if (input.patterns.length > 0) given.patterns = input.patterns.map((one) => patternText(one, world)).join('');
  if (input.enable.length > 0) given.enabledPaths = input.enable.filter((one) => one !== none);
  if (input.policy.length > 0) given.initPolicy = policyText(input.policy, world);
  if (input.limit.length > 0) given.limits = input.limit.filter((one) => one !== none);
  return given;
}

/** The lines that `--patterns` gives: itself a line, or a file. */
export function patternText(source: string, world: World): string {
  return linesOf(source, /^\s*(?:repo|superrepo|enter|ignore)\s/, world);
}

/** `''` where the word `none` takes the policy away. */
function policyText(sources: readonly string[], world: World): string {
  const [only = ''] = sources;
  if (sources.length === 1 && only === none) return '';
  if (sources.length === 1 && POLICIES.some((policy) => policy === only)) return only;
  const line = new RegExp(`^\\s*(?:${POLICIES.join('|')})\\s`);
  return sources.map((one) => linesOf(one, line, world)).join('');
}

function linesOf(source: string, line: RegExp, world: World): string {
  const text = line.test(source) ? source : read(resolve(world.cwd(), source));
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function read(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new MizerError('E_FILE_UNREADABLE', `${file} cannot be read (${reason}).`, {
      group: 'usage',
      hint: "Name a file of lines, or write a line itself, such as 'repo data/*'.",
      cause,
      data: { path: file },
    });
  }
  const text = toText(bytes.toString('latin1'));
  if (text !== undefined) return text;
  throw new MizerError('E_FILE_UNREADABLE', `${file} is not text in UTF-8.`, {
    group: 'usage',
    hint: 'In a glob ? stands for a byte that is not UTF-8.',
    data: { path: file },
  });
}
