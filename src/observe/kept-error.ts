import { MizerError } from '../model/errors.js';

/** A failure as it is kept, and as it crosses threads. */
export interface KeptError {
  readonly code: string;
  readonly message: string;
}

export function keptError(error: unknown): KeptError {
  if (error instanceof MizerError) return { code: error.code, message: error.message };
  return { code: 'E_INTERNAL', message: error instanceof Error ? error.message : String(error) };
}
