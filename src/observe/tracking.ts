import type { AttributeRules } from '../git/attribute-rules.js';
import type { IgnoreRules } from '../git/ignore-rules.js';
import { join, type TreePath } from '../model/tree-path.js';
import type { BundlePatterns } from './bundle-patterns.js';
import { isSpecial } from './last-records.js';

/** What of a tree is tracked. */
export interface TrackingRules {
  readonly ignore: IgnoreRules;
  readonly attributes: AttributeRules;
  readonly bundles: BundlePatterns;
}

/** Patterns that speak of what is below `base`. */
export interface IgnoreFile {
  readonly base: TreePath;
  readonly rules: IgnoreRules;
}

/** What is to become of a directory, as far as it is told from outside. */
export interface Fate {
  readonly path: TreePath;
  /** It is tracked in some form unless it is empty. */
  readonly wanted: boolean;
  /** What is in it may be a bundle. */
  readonly candidate: boolean;
  /** It is a bundle unless one lies in it. */
  readonly bundle: boolean;
}

/** What a directory says about the entries in it. */
interface Holder {
  readonly path: TreePath;
  /** Its entries are tracked one by one. */
  readonly tracked: boolean;
  readonly candidate: boolean;
  /** From the outermost directory to the innermost, whose patterns come first. */
  readonly ignore: readonly IgnoreFile[];
}

/** The shadow's own patterns, to which those of real directories are added. */
export function shadowIgnore(rules: TrackingRules | undefined): readonly IgnoreFile[] {
  return rules === undefined || rules.ignore.isEmpty ? [] : [{ base: '', rules: rules.ignore }];
}

/** Whether something that is no directory has a record of its own. */
export function isTracked(holder: Holder, name: string): boolean {
  return holder.tracked && !isSpecial(name) && !isIgnored(holder, name, false);
}

/** What is to become of the directory `name` in `holder`; without rules it is only counted. */
export function fateOf(holder: Holder, name: string, rules: TrackingRules | undefined): Fate {
  const path = join(holder.path, name);
  if (rules === undefined || isSpecial(name)) return { path, wanted: false, candidate: false, bundle: false };
  const candidate = holder.candidate && rules.bundles.matches(path);
  const bundle = candidate && rules.attributes.value(`${path}/`, 'nogbundle') === true;
  const wanted = bundle || (holder.tracked && !isIgnored(holder, name, true));
  return { path, wanted, candidate, bundle };
}

function isIgnored({ ignore, path: directory }: Holder, name: string, isDirectory: boolean): boolean {
  if (ignore.length === 0) return false;
  const path = join(directory, name);
  for (let index = ignore.length - 1; index >= 0; index -= 1) {
    const { base, rules } = ignore[index]!;
    const decided = rules.decides(base === '' ? path : path.slice(base.length + 1), isDirectory);
    if (decided !== undefined) return decided;
  }
  return false;
}
