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
import type { Declaration } from './declaration.js';

/** Every command, in the order of the help. */
export const catalogue: readonly Declaration[] = [
  [run, shell, switchTo, exec],
  [list, show, diff, snapshots],
  [apply, snapshot, rewind, promote],
  [limit, pause, resume, stop],
  [drop, gc, archives],
  [init, doctor, daemon, completion, hook, help],
].flat();

/** @throws MizerError `E_USAGE` naming the nearest command */
export function findCommand(name: string): Declaration {
  const found = catalogue.find((declaration) => declaration.name === name);
  if (found !== undefined) return found;
  const names = catalogue.map((declaration) => declaration.name);
  const near = nearest(name, names);
  const sentence = name.startsWith('-') ? `mzr has no option ${name}.` : `'${name}' is not a command of mzr.`;
  throw new MizerError('E_USAGE', sentence, {
    group: 'usage',
    hint: near === undefined ? 'See mzr help for all commands.' : `Did you mean mzr ${near}?`,
  });
}
