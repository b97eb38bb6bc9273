import type { EpochId, OperationId } from '../ids.js';

export type RefusalCode =
  /** What stands there does not begin like a message; the rest of the input is not read. */
  | 'NOT_A_MESSAGE'
  /** The input ends within a message. */
  | 'TRUNCATED'
  /** The checksum is another. */
  | 'CHECKSUM'
  /** A message of a version of the format that this one does not know. */
  | 'VERSION_FOREIGN'
  /** A kind of message, or of action, that this version does not know. */
  | 'KIND_UNKNOWN'
  /** Bytes that do not follow the format. */
  | 'MALFORMED'
  /** More, longer or later than the format allows. */
  | 'LIMIT'
  /** A name or path that git could not hold. */
  | 'NAME_INVALID'
  /** An entry, operation or replica that makes no sense there. */
  | 'REFERENCE_INVALID'
  /** Another operation with the same epoch, replica and seq came first, and stands. */
  | 'EQUIVOCATION';

/** Why bytes, or an operation in them, are not taken. It is an answer, not an error: others' bytes never throw. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  /** Where it is known: the operation meant. */
  readonly epoch?: EpochId;
  readonly operation?: OperationId;
}

/** How the decoders leave off from within; never leaves `live`. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What `decode` gives, or why not. */
export function refusing<T>(decode: () => T): T | Refusal {
  try {
    return decode();
  } catch (error) {
    if (error instanceof Refused) return { code: error.code, message: error.message };
    throw error;
  }
}

/** Whether it is a refusal: nothing else that is decoded has a `code`. */
export function isRefusal(value: object): value is Refusal {
  return 'code' in value;
}
