import { MizerError, type ErrorGroup } from '../model/errors.js';

/** A `MizerError` as it crosses from the daemon to a client. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly group: ErrorGroup;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Anything thrown, for the wire. What is no `MizerError` is a defect: its stack goes to the log, its sentence to the client. */
export function toWire(error: unknown): WireError {
  if (error instanceof MizerError) {
    const { code, message, hint, group, data } = error;
    return { code, message, ...(hint === undefined ? {} : { hint }), group, data };
  }
  return {
    code: 'E_INTERNAL',
    message: `The daemon met a defect: ${error instanceof Error ? error.message : String(error)}`,
    hint: 'Run `mzr daemon status` to see where the log is; it has the stack.',
    group: 'failed',
    data: {},
  };
}

/** What `toWire` wrote, as the error it was; `undefined` for anything else. */
export function fromWire(value: unknown): MizerError | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, message, hint, group, data } = value as Partial<WireError>;
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  return new MizerError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(group === undefined ? {} : { group }),
    ...(data === undefined ? {} : { data }),
  });
}
