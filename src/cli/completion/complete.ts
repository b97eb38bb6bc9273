import { setTimeout as pause } from 'node:timers/promises';
import { follow, membersOf } from '../catalogue.js';
import { type Command, type Completion, type Declaration, isFamily, optionName, ownWord } from '../declaration.js';
import type { World } from '../world.js';
import { joinAtEquals, placeOf, type Word } from './words.js';

/** `value TAB description`, or `:what` for what the shell completes best itself. */
type Line = string;

const patienceMs = 400;

/**
 * `mzr __complete SHELL mzr WORD… CURRENT`: candidates, a line each. Silent where there is nothing to say: no error may disturb somebody
 * who types, and no daemon is started for it.
 */
export async function complete([shell, ...typed]: readonly string[], world: World): Promise<number> {
  const [, ...words] = shell === 'bash' ? joinAtEquals(typed) : typed.map((text, index) => ({ text, index }));
  if (words.length === 0) return 0;
  const current = words.at(-1)?.text ?? '';
  const before = words.slice(0, -1).map(({ text }) => text);
  const { command, words: after } = follow(before);
  if (command === undefined || isFamily(command)) {
    const options = command === undefined ? ['--help', '--version'] : ['--help'];
    if (after.length === 0) print(world, current, [...members(command), ...options]);
    return 0;
  }
  const others = words.slice(before.length - after.length);
  await completeCommand(command, others, shell, world);
  return 0;
}

async function completeCommand(
  declaration: Declaration,
  others: readonly Word[],
  shell: string | undefined,
  world: World,
): Promise<void> {
  const place = placeOf(declaration, others);
  const current = others.at(-1)?.text ?? '';
  if (place.kind === 'foreign') world.out.write(`:command ${place.from}\n`);
  if (place.kind === 'option') print(world, current, optionsOf(declaration));
  if (place.kind === 'positional') {
    const branches = others.some(({ text }) => text === '-b' || text === '--branch');
    const { complete: wanted } = place.positional.type;
    if (wanted === 'subcommand') print(world, current, subcommands(others.slice(0, -1)));
    else print(world, current, await candidates(wanted === 'context-or-branch' && branches ? 'branch' : wanted, world));
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
}

function members(command: Command | undefined): readonly Line[] {
  return membersOf(command).map((member) => described(ownWord(member), member.summary));
}

/** What can follow `words` as the name of a command. */
function subcommands(words: readonly Word[]): readonly Line[] {
  const { command, words: left } = follow(words.map(({ text }) => text));
  return left.length === 0 ? members(command) : [];
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
    case 'subcommand':
      return [];
    case 'file':
      return [':files'];
    case 'directory':
      return [':directories'];
    case 'branch':
      return [':branches'];
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
