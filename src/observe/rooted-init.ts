import { fromText } from '../model/tree-path.js';
import { init, type InitOptions } from './init.js';
import { initPolicyFor, readInitPolicy } from './init-policy.js';
import { checkLimit, limitFor } from './limits.js';
import { decidingRoot, realOrSame, relativeTo, type Registry } from './registry.js';
import { shadowOf, shadowRoot, type Shadow } from './shadow.js';

/**
 * `init` as the roots have it: of those that hold the directory the longest gives the policy, if none is given, and the limit.
 * @throws MizerError as `init`, and `E_LIMIT` with numbers, `E_STATE_CORRUPT`
 */
export async function initBelowRoots(registry: Registry, options: InitOptions): Promise<Shadow> {
  const roots = (await registry.roots()).map((root) => ({ ...root, real: realOrSame(root.path) }));
  const real = realOrSame(options.realDirectory);
  const deciding = decidingRoot(
    roots.map((root) => root.real),
    real,
  );
  const root = roots.find((one) => one.real === deciding);
  if (root === undefined) return init(options);
  const path = relativeTo(root.real, real);
  const policy = options.policy ?? initPolicyFor(readInitPolicy(fromText(root.initPolicy)), path);
  const exists = shadowOf(real, options.shadowRoot ?? shadowRoot()) !== undefined;
  if (!exists) await checkLimit(real, policy, limitFor(root.limits, path));
  return init({ ...options, policy });
}
