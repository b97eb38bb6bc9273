import { resolve } from 'node:path';
import { MizerError } from '../../../model/errors.js';
import { fromText, toDisplay } from '../../../model/tree-path.js';
import { type Found, discover as find } from '../../../observe/discover.js';
import { initPolicyFor, readInitPolicy } from '../../../observe/init-policy.js';
import { readPatterns } from '../../../observe/patterns.js';
import { elsewhereOf, type Registry, resolveRoot, type Root } from '../../../observe/registry.js';
import { shadowOf, shadowRoot } from '../../../observe/shadow.js';
import { answer } from '../../answer.js';
import { jsonPath } from '../../reporter/json.js';
import { table } from '../../reporter/table.js';
import type { World } from '../../world.js';
import { registryOf } from './root.js';
import { patternText } from './root-settings.js';

interface DiscoverInput {
  readonly root: string;
  readonly patterns: readonly string[];
  readonly enable: readonly string[];
  readonly shadowRoot: string | undefined;
}

interface Row extends Found {
  /** With which a candidate would be made. */
  readonly policy?: string;
}

export async function discover(input: DiscoverInput, world: World): Promise<number> {
  const path = resolve(world.cwd(), input.root);
  const registry = registryOf(world);
  const registered = await knownRoot(registry, path, input.patterns.length === 0 && input.enable.length === 0);
  const given = input.patterns.map((one) => patternText(one, world)).join('');
  const text = input.patterns.length > 0 ? given : (registered?.patterns ?? '');
  const enabled = [...(registered?.enabledPaths ?? []), ...input.enable];
  const policy = readInitPolicy(fromText(registered?.initPolicy ?? ''));
  const shadows = input.shadowRoot === undefined ? shadowRoot(world.env) : resolve(world.cwd(), input.shadowRoot);
  const real = resolveRoot(path);
  const rows: Row[] = [];
  const found = find(real, {
    patterns: readPatterns(fromText(text), enabled.map(fromText)),
    shadowOf: (directory) => shadowOf(directory, shadows),
    elsewhere: elsewhereOf(real, await registry.roots(), shadows),
  });
  for await (const one of found) {
    rows.push(one.kind === 'candidate' ? { ...one, policy: initPolicyFor(policy, one.path) } : one);
  }
  const document = { root: real, found: rows.map((row) => ({ ...row, path: jsonPath(row.path) })) };
  answer(world, document, () => listing(rows, world));
  return rows.some(({ kind }) => kind === 'unreadable') ? 1 : 0;
}

/** @param needed whether there are no other patterns */
async function knownRoot(registry: Registry, path: string, needed: boolean): Promise<Root | undefined> {
  try {
    return await registry.root(path);
  } catch (error) {
    if (!(error instanceof MizerError && error.code === 'E_ROOT_UNKNOWN')) throw error;
    if (!needed) return undefined;
    throw new MizerError('E_ROOT_UNKNOWN', `${path} is not a root, so there are no patterns for it.`, {
      hint: "Give some, such as --patterns 'repo *', or add it with `mzr observe root add`.",
      data: { root: path },
    });
  }
}

function listing(rows: readonly Row[], world: World): string {
  const { style } = world.out;
  const paints = {
    candidate: style.green,
    known: style.cyan,
    ignored: style.dim,
    elsewhere: style.dim,
    unreadable: style.red,
  };
  const columns = [
    { title: 'WHAT', text: ({ kind }: Row) => kind, paint: ({ kind }: Row, text: string) => paints[kind](text) },
    { title: 'POLICY', text: ({ policy }: Row) => policy ?? '' },
    {
      title: 'PATH',
      text: ({ path, reason }: Row) => (toDisplay(path) || '.') + (reason === undefined ? '' : ` (${reason})`),
    },
  ];
  return rows.length === 0 ? 'There is nothing.\n' : table(rows, columns, style);
}
