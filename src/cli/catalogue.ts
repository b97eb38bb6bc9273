import { MizerError } from '../model/errors.js';
import { nearest } from '../model/nearest.js';
import { apply } from './commands/apply.js';
import { archives } from './commands/archives.js';
import { completion } from './commands/completion.js';
import { daemon } from './commands/daemon.js';
import { diff } from './commands/diff.js';
import { doctor } from './commands/doctor.js';
import { drop } from './commands/drop.js';
import { exec } from './commands/exec.js';
import { gc } from './commands/gc.js';
import { help } from './commands/help.js';
import { hook } from './commands/hook.js';
import { init } from './commands/init.js';
import { limit } from './commands/limit.js';
import { list } from './commands/list.js';
import { observe } from './commands/observe.js';
import { pause } from './commands/pause.js';
import { promote } from './commands/promote.js';
import { resume } from './commands/resume.js';
import { rewind } from './commands/rewind.js';
import { run } from './commands/run.js';
import { shell } from './commands/shell.js';
import { show } from './commands/show.js';
import { snapshot } from './commands/snapshot.js';
import { snapshots } from './commands/snapshots.js';
import { stop } from './commands/stop.js';
import { switchTo } from './commands/switch.js';
import { type Command, type Declaration, type Family, isFamily, ownWord } from './declaration.js';

/** What can follow `mzr`, in the order of the help. */
export const catalogue: readonly Command[] = [
  [run, shell, switchTo, exec],
  [list, show, diff, snapshots],
  [apply, snapshot, rewind, promote],
  [limit, pause, resume, stop],
  [observe],
  [drop, gc, archives],
  [init, doctor, daemon, completion, hook, help],
].flat();

interface Found {
  readonly command: Command;
  /** The words after the command's name. */
  readonly words: readonly string[];
}

/**
 * The command that a command line begins with. A family is answered when its name ends the line or a help option follows it.
 * @throws MizerError `E_USAGE` naming the nearest command
 */
export function findCommand(line: readonly string[]): Found {
  const { command, words } = follow(line);
  const [next] = words;
  if (command !== undefined && (!isFamily(command) || next === undefined || isHelp(next))) return { command, words };
  const parent = command === undefined ? 'mzr' : `mzr ${command.name}`;
  const near = nearest(next ?? '', membersOf(command).map(ownWord));
  const sentence =
    next?.startsWith('-') === true ? `${parent} has no option ${next}.` : `'${next}' is not a command of ${parent}.`;
  throw new MizerError('E_USAGE', sentence, {
    group: 'usage',
    hint:
      near !== undefined
        ? `Did you mean ${parent} ${near}?`
        : `See ${['mzr help', ...(command === undefined ? [] : [command.name])].join(' ')} for all commands.`,
  });
}

/** Down the families as far as words name their members; no command where already the first word is none. */
export function follow(line: readonly string[]): {
  readonly command: Command | undefined;
  readonly words: readonly string[];
} {
  let command: Command | undefined;
  for (const [at, word] of line.entries()) {
    const next = membersOf(command).find((member) => ownWord(member) === word);
    if (next === undefined) return { command, words: line.slice(at) };
    command = next;
  }
  return { command, words: [] };
}

/** Every command, those of families included, in the order of the help. */
export function commandsOf(family?: Family): readonly Declaration[] {
  return membersOf(family).flatMap((member) => (isFamily(member) ? commandsOf(member) : [member]));
}

/** What can follow a command's name; of none, what can follow `mzr`. */
export function membersOf(command: Command | undefined): readonly Command[] {
  if (command === undefined) return catalogue;
  return isFamily(command) ? command.members : [];
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}
