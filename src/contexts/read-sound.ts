import { readJson } from '../disk/atomic.js';
import { MizerError } from '../model/errors.js';

/** A JSON file that only spares work: one that is hurt is as good as none. */
export async function readSound<T>(file: string, isValid: (value: unknown) => value is T): Promise<T | undefined> {
  try {
    return await readJson(file, isValid);
  } catch (error) {
    if (error instanceof MizerError) return undefined;
    throw error;
  }
}
