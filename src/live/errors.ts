export type LiveErrorCode =
  /** A path or name that git could not hold. */
  | 'NAME_INVALID'
  /** Nothing is there. */
  | 'NOT_FOUND'
  /** Something is there already. */
  | 'EXISTS'
  /** The path leads through what is no directory, or a directory was asked for. */
  | 'NOT_A_DIRECTORY'
  /** A directory where a file was asked for. */
  | 'IS_A_DIRECTORY'
  /** A text was asked for; the bytes are not. */
  | 'NOT_TEXT'
  /** A directory would come to lie in itself. */
  | 'INTO_ITSELF'
  /** An offset outside the text, inside a surrogate pair, or ranges that overlap. */
  | 'RANGE_INVALID'
  /** A version, replica or oid that makes no sense here. */
  | 'ARGUMENT_INVALID'
  /** What the provider answered is not what git holds. */
  | 'PROVIDER';

/** The one error type of the live tree: a stable code and a sentence. */
export class LiveError extends Error {
  readonly code: LiveErrorCode;

  constructor(code: LiveErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'LiveError';
    this.code = code;
  }
}
