import { accessSync, constants, lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { MizerError } from '../../model/errors.js';

type Judgement = 'good' | 'denied' | 'missing' | 'unknown';

/**
 * Refuses a command that is certainly not there, before anything is entered for it. What lies in the work tree is left to the session:
 * the context may have what the host view lacks.
 * @throws MizerError `E_COMMAND_NOT_FOUND`, `E_COMMAND_NOT_EXECUTABLE`
 */
export function checkCommand(name: string, searchPath: string, cwd: string, workTree: string): void {
  const directories = name.includes('/') ? [''] : searchPath.split(':').map((directory) => `${directory || '.'}/`);
  const judgements = new Set<Judgement>();
  for (const directory of name === '' ? [] : directories) {
    const judgement = judge(resolve(cwd, `${directory}${name}`), workTree);
    if (judgement === 'good' || judgement === 'unknown') return;
    judgements.add(judgement);
  }
  if (judgements.has('denied')) {
    throw new MizerError('E_COMMAND_NOT_EXECUTABLE', `'${name}' cannot be executed.`, {
      hint: 'Look at it with ls -l, and make it executable with chmod +x.',
      data: { command: name },
    });
  }
  throw new MizerError('E_COMMAND_NOT_FOUND', `The command '${name}' was not found.`, {
    hint: 'Check its name, and PATH.',
    data: { command: name },
  });
}

function judge(file: string, workTree: string): Judgement {
  if (mayLieWithin(file, workTree)) return 'unknown';
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile() ? 'good' : 'denied';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return 'denied';
    return isLink(file) ? 'unknown' : 'missing';
  }
}

/** Whether `file`, or the nearest directory above it that exists, is in the work tree once symbolic links are followed. */
function mayLieWithin(file: string, workTree: string): boolean {
  const within = (path: string): boolean => path === workTree || path.startsWith(`${workTree}/`);
  if (within(file)) return true;
  for (let at = dirname(file); ; at = dirname(at)) {
    try {
      return within(realpathSync(at));
    } catch {
      if (at === '/') return false;
    }
  }
}

/** A symbolic link that leads nowhere here may lead somewhere in the context. */
function isLink(file: string): boolean {
  try {
    return lstatSync(file).isSymbolicLink();
  } catch {
    return false;
  }
}
