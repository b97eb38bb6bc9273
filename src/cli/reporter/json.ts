import { MizerError } from '../../model/errors.js';
import { toBytes, toText, type TreePath } from '../../model/tree-path.js';

/** A tree path in a JSON document: text where its bytes are UTF-8, else `{"bytes": "<base64>"}`. */
export function jsonPath(path: TreePath): string | { readonly bytes: string } {
  return toText(path) ?? { bytes: Buffer.from(toBytes(path)).toString('base64') };
}

export function jsonLine(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The document of an error, the same four keys always. */
export function jsonError(error: unknown): unknown {
  if (error instanceof MizerError) {
    const { code, message, hint, data } = error;
    return { error: { code, message, hint: hint ?? null, data } };
  }
  const stack = error instanceof Error ? error.stack : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return { error: { code: 'E_INTERNAL', message, hint: null, data: stack === undefined ? {} : { stack } } };
}
