import { MizerError } from '../../model/errors.js';
import type { Style } from './style.js';

// oxlint-disable-next-line no-control-regex -- what a file name may smuggle into a terminal
const control = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** An error for a person: the sentence, the hint, and the code for a search; a defect with its stack. */
export function errorText(error: unknown, style: Style): string {
  if (!(error instanceof MizerError)) return defectText(error, style);
  const code = style.dim(`[${error.code}]`);
  const hint = error.hint === undefined ? '' : `${style.cyan('hint:')} ${error.hint.replace(control, '?')}\n`;
  return `${style.red('mzr:')} ${error.message.replace(control, '?')} ${code}\n${hint}`;
}

function defectText(error: unknown, style: Style): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const hint = 'This is a defect of mizer. Please report it with the lines above and the output of mzr doctor.';
  return `${style.red('mzr:')} something went wrong that should not have: ${stack}\n${style.cyan('hint:')} ${hint}\n`;
}

/** As env(1) and every shell have it. */
const ofCommand: Readonly<Record<string, number>> = { E_COMMAND_NOT_FOUND: 127, E_COMMAND_NOT_EXECUTABLE: 126 };

/** The exit status that tells a program what kind of error it was (overview, law 5). */
export function exitStatusOf(error: unknown): number {
  if (!(error instanceof MizerError)) return 3;
  return ofCommand[error.code] ?? (error.group === 'usage' ? 2 : 3);
}
