import { realpathSync } from 'node:fs';
import { MizerError } from '../model/errors.js';
import { toDisplay, toText } from '../model/tree-path.js';

const garbled = '\ufffd';

/**
 * The path of a directory without links. It has to be text: git keeps it in a configuration, and patterns, the registry and the
 * command line speak of it. Names below it may hold any bytes.
 * @throws MizerError `E_PATH_NOT_UTF8`, and the error of realpath(3)
 */
export function realPathOf(path: string): string {
  let bytes: string;
  try {
    bytes = realpathSync.native(path, { encoding: 'buffer' }).toString('latin1');
  } catch (error) {
    // What Node makes of an argument that is not text.
    if (path.includes(garbled)) throw notText(path, error);
    throw error;
  }
  const text = toText(bytes);
  if (text === undefined) throw notText(toDisplay(bytes));
  return text;
}

function notText(path: string, cause?: unknown): MizerError {
  return new MizerError('E_PATH_NOT_UTF8', `The path ${path} is not UTF-8, so it cannot be observed by itself.`, {
    group: 'usage',
    hint: 'Observe a directory above it, where names may hold any bytes, or give it another path: rename it, or `mount --bind`.',
    cause,
    data: { path },
  });
}
