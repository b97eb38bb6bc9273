/** What a receiver of an error should do; decides the exit status (overview, law 5). */
export type ErrorGroup = 'usage' | 'refused' | 'failed';

export interface MizerErrorOptions {
  /** The next command to type, or what to change, as one sentence. */
  readonly hint?: string;
  readonly group?: ErrorGroup;
  readonly cause?: unknown;
  /** Facts a program may want: paths, names, numbers. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/**
 * The one error type that people and programs are meant to see: a stable code (`E_CONTEXT_UNKNOWN`), a sentence and a hint.
 * Anything else that reaches the edge is a defect and is shown with its stack.
 */
export class MizerError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly group: ErrorGroup;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: MizerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MizerError';
    this.code = code;
    this.hint = options.hint;
    this.group = options.group ?? 'refused';
    this.data = options.data ?? {};
  }
}
