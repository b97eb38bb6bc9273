import { MizerError } from '../model/errors.js';
import { fromText } from '../model/tree-path.js';

/** JSON values by key. */
export type Metadata = Readonly<Record<string, unknown>>;

/** A line: key, colon, JSON. A key that held a colon or a line break could not be told from what follows it. */
// oxlint-disable-next-line no-control-regex -- control characters are what is kept out
const key = /^(?![\s#"'])[^:\u0000-\u001f\u007f\u0085\u2028\u2029]*[^\s:\u0000-\u001f\u007f\u0085\u2028\u2029]$/;

/** @throws MizerError `E_META_KEY` */
export function checkKey(text: string): string {
  if (key.test(text) && text.isWellFormed()) return text;
  throw new MizerError('E_META_KEY', `${JSON.stringify(text)} cannot be a key of metadata.`, {
    group: 'usage',
    hint: 'A key holds no colon, quote or # at its begin, control character or blank at its ends.',
    data: { key: text },
  });
}

/** A line for each key, sorted by bytes: `<key>: <compact JSON>`. @throws MizerError `E_META_KEY` */
export function formatMetadata(metadata: Metadata): string {
  return sorted(metadata)
    .map(([name, value]) => `${checkKey(name)}: ${compact(value)}\n`)
    .join('');
}

/** What `formatMetadata` wrote, or `undefined`. */
export function parseMetadata(text: string): Metadata | undefined {
  const entries: [string, unknown][] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const colon = line.indexOf(':');
    const value = parseJson(line.slice(colon + 1));
    if (colon < 1 || value === undefined) return undefined;
    entries.push([line.slice(0, colon), value.json]);
  }
  return Object.fromEntries(entries);
}

/** `undefined` where it is no JSON. */
export function parseJson(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** JSON without blanks, keys sorted by bytes at every level; what YAML takes for a line break is escaped. */
function compact(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(compact).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = sorted(value).map(([name, inner]) => `${compact(name)}:${compact(inner)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value).replace(
    /[\u0085\u2028\u2029]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function sorted(object: object): readonly (readonly [string, unknown])[] {
  return Object.entries(object).sort(([a], [b]) => (fromText(a) < fromText(b) ? -1 : 1));
}
