import { setTimeout as pause } from 'node:timers/promises';
import { catalogue } from '../catalogue.js';
import { type Completion, type Declaration, optionName } from '../declaration.js';
import type { World } from '../world.js';
import { joinAtEquals, placeOf } from './words.js';

/** `value TAB description`, or `:what` for what the shell completes best itself. */
type Line = string;

const patienceMs = 400;

/**
 * `mzr __complete SHELL mzr WORD… CURRENT`: candidates, a line each. Silent where there is nothing to say: no error may disturb somebody
 * who types, and no daemon is started for it.
 */
export async function complete([shell, ...typed]: readonly string[], world: World): Promise<number> {
  const [, ...words] = shell === 'bash' ? joinAtEquals(typed) : typed.map((text, index) => ({ text, index }));
  const [first, ...others] = words;
  if (first === undefined) return 0;
  if (others.length === 0) {
    const names = catalogue.map(({ name, summary }) => described(name, summary));
    print(world, first.text, [...names, '--help', '--version']);
    return 0;
  }
  const declaration = catalogue.find(({ name }) => name === first.text);
  if (declaration === undefined) return 0;
  const place = placeOf(declaration, others);
  const current = others.at(-1)?.text ?? '';
  if (place.kind === 'foreign') world.out.write(`:command ${place.from}\n`);
  if (place.kind === 'option') print(world, current, optionsOf(declaration));
  if (place.kind === 'positional') {
    const branches = others.some(({ text }) => text === '-b' || text === '--branch');
    const { complete: wanted } = place.positional.type;
    print(world, current, await candidates(wanted === 'context-or-branch' && branches ? 'branch' : wanted, world));
  }
  if (place.kind === 'value') {
    const found = await candidates(place.option.type?.complete ?? 'none', world);
    // fish replaces the whole word, bash and zsh what follows the `=`.
    const prefix = shell === 'fish' ? place.prefix : '';
    print(
      world,
      prefix + place.text,
      found.map((line) => (line.startsWith(':') ? line : prefix + line)),
    );
  }
  return 0;
}

function print(world: World, typed: string, lines: readonly Line[]): void {
  const fitting = lines.filter((line) => line.startsWith(':') || line.startsWith(typed));
  if (fitting.length > 0) world.out.write(`${fitting.join('\n')}\n`);
}

function described(value: string, description: string): Line {
  return `${value}\t${description}`;
}

function optionsOf(declaration: Declaration): readonly Line[] {
  const own = Object.entries(declaration.options).map(([key, { summary }]) =>
    described(`--${optionName(key)}`, summary),
  );
  return [...own, described('--json', 'answer with one JSON document'), described('--help', 'options and examples')];
}

async function candidates(wanted: Completion, world: World): Promise<readonly Line[]> {
  switch (wanted) {
    case 'none':
    case 'command':
      return [];
    case 'file':
      return [':files'];
    case 'directory':
      return [':directories'];
    case 'branch':
      return [':branches'];
    case 'subcommand':
      return catalogue.map(({ name, summary }) => described(name, summary));
    case 'context':
      return contexts(world);
    case 'context-or-branch':
      return [...(await contexts(world)), described('-', 'the host view')];
    case 'snapshot':
      return snapshots(world);
    case 'context-or-snapshot':
      return [...(await contexts(world)), ...(await snapshots(world))];
    default:
      return wanted;
  }
}

async function contexts(world: World): Promise<readonly Line[]> {
  const found = await quietly(async () => {
    const daemon = await world.runningDaemon();
    return daemon?.request('context/list', { cwd: world.cwd(), all: false });
  });
  return (found?.contexts ?? []).map(({ name, branch }) => described(name, branch ?? 'context'));
}

async function snapshots(world: World): Promise<readonly Line[]> {
  const found = await quietly(async () => {
    const daemon = await world.runningDaemon();
    return daemon?.request('snapshot/list', { cwd: world.cwd() });
  });
  return (found?.snapshots ?? []).map(({ id, of }) => described(id, `snapshot of ${of ?? 'the host view'}`));
}

/** The answer, unless it fails or lets one wait. */
async function quietly<T>(question: () => Promise<T | undefined>): Promise<T | undefined> {
  return Promise.race([question().catch(() => undefined), pause(patienceMs, undefined)]);
}
