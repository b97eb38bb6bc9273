import type { TreePath } from '../model/tree-path.js';
import { POLICIES, type Policy } from './policy.js';
import { firstMatch, readRuleLines, type RuleLine } from './rule-lines.js';

/** Which policy a new shadow repository below a root is made with. */
export interface InitPolicy {
  readonly lines: readonly RuleLine<Policy>[];
}

/**
 * Reads an init policy, a line `<policy> <glob>` each. A policy's name alone stands for every path, and no text at all for `enter-subdirs`.
 * @param text a byte string
 * @throws MizerError `E_PATTERN_INVALID` naming the line
 */
export function readInitPolicy(text: string): InitPolicy | Policy {
  const word = text.trim();
  const alone = word === '' ? 'enter-subdirs' : POLICIES.find((policy) => policy === word);
  return alone ?? { lines: readRuleLines(text, POLICIES, 'init policy') };
}

/** The policy of a path relative to the root; the first line that matches decides. */
export function initPolicyFor(policy: InitPolicy | Policy, path: TreePath): Policy {
  if (typeof policy === 'string') return policy;
  return firstMatch(policy.lines, path) ?? 'ignore-most';
}
