import { fromText, toText } from '../model/tree-path.js';

// oxlint-disable-next-line no-control-regex -- what a JSON string writes as it is
const plain = /^[ !#-[\]-~]*$/;
/** One character of UTF-8 as Unicode defines it: no surrogates, nothing longer than need be. */
const character =
  // oxlint-disable-next-line no-control-regex -- every character is meant
  /[\u0000-\u007f]|[\u00c2-\u00df][\u0080-\u00bf]|(?:\u00e0[\u00a0-\u00bf]|[\u00e1-\u00ec\u00ee\u00ef][\u0080-\u00bf]|\u00ed[\u0080-\u009f])[\u0080-\u00bf]|(?:\u00f0[\u0090-\u00bf]|[\u00f1-\u00f3][\u0080-\u00bf]|\u00f4[\u0080-\u008f])[\u0080-\u00bf]{2}/y;

/**
 * A name as a JSON string that is valid YAML as well, both as byte strings. Characters above ASCII stand as they are, as `jq` writes
 * them. A byte that belongs to no character becomes `\u0080` to `\u00ff`, which is never written for a character: so every name comes back.
 */
export function jsonString(name: string): string {
  if (plain.test(name)) return `"${name}"`;
  let text = '"';
  for (let at = 0; at < name.length;) {
    character.lastIndex = at;
    const [whole] = character.exec(name) ?? [];
    if (whole === undefined) text += `\\u00${name.charCodeAt(at).toString(16)}`;
    else if (whole === '\u007f') text += '\\u007f';
    else text += whole.length === 1 ? JSON.stringify(whole).slice(1, -1) : whole;
    at += whole?.length ?? 1;
  }
  return `${text}"`;
}

/** The name that a string of `jsonString` stands for, or `undefined`. Any other JSON string is taken as JSON has it. */
export function parseJsonString(text: string): string | undefined {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return undefined;
  const inner = text.slice(1, -1);
  if (plain.test(inner)) return inner;
  let name = '';
  for (const part of inner.match(/\\u00[89a-f][0-9a-f]|(?:(?!\\u00[89a-f])(?:\\u[0-9a-fA-F]{4}|\\.|[^\\]))+|[^]/g) ??
    []) {
    if (/^\\u00[89a-f][0-9a-f]$/.test(part)) name += String.fromCharCode(parseInt(part.slice(2), 16));
    else {
      const bytes = jsonBytes(part);
      if (bytes === undefined) return undefined;
      name += bytes;
    }
  }
  return name;
}

function jsonBytes(part: string): string | undefined {
  try {
    const value: unknown = JSON.parse(`"${toText(part) ?? ''}"`);
    return typeof value === 'string' ? fromText(value) : undefined;
  } catch {
    return undefined;
  }
}
