import { MizerError } from '../../../model/errors.js';
import { toDisplay } from '../../../model/tree-path.js';
import { pathJson } from '../../../observe/entry-json.js';
import { getMetadata, listMetadata, setMetadata } from '../../../observe/meta.js';
import { formatMetadata, type Metadata, parseJson } from '../../../observe/meta-blob.js';
import { answer, defined } from '../../answer.js';
import { lines } from '../../lines.js';
import type { World } from '../../world.js';
import { type PlaceInput, placeOf } from './place.js';

interface GetInput extends PlaceInput {
  readonly keys: readonly string[];
}

export async function get(input: GetInput, world: World): Promise<number> {
  const { shadow, path } = await placeOf(input, world);
  const { metadata, commit } = await getMetadata(shadow, path);
  const wanted = Object.entries(metadata).filter(([key]) => input.keys.length === 0 || input.keys.includes(key));
  const found = Object.fromEntries(wanted);
  answer(world, { metadata: found, commit: commit ?? null }, () => formatMetadata(found));
  return wanted.length === 0 ? 1 : 0;
}

interface SetInput extends PlaceInput {
  readonly values: readonly { readonly key: string; readonly text: string }[];
  readonly expect: string | undefined;
}

export async function set(input: SetInput, world: World): Promise<number> {
  const changes = Object.fromEntries(input.values.map(({ key, text }) => [key, valueOf(key, text)]));
  const { shadow, path } = await placeOf(input, world);
  const expect = input.expect === 'none' ? null : input.expect;
  const options = { directory: input.path?.endsWith('/') === true, ...defined({ expect }) };
  const { metadata, commit } = await setMetadata(shadow, path, changes, options);
  answer(world, { metadata, commit: commit ?? null }, () => formatMetadata(metadata));
  return 0;
}

function valueOf(key: string, text: string): unknown {
  if (text === '') return undefined;
  const value = parseJson(text);
  if (value !== undefined) return value.json;
  throw new MizerError('E_META_VALUE', `The value of ${key} is not JSON: ${text}`, {
    group: 'usage',
    hint: `A text is written in double quotes: ${key}='${JSON.stringify(text)}'`,
    data: { key, text },
  });
}

export async function list(input: PlaceInput, world: World): Promise<number> {
  const { shadow, path } = await placeOf(input, world);
  const out = lines(world);
  try {
    for await (const one of listMetadata(shadow, path)) {
      out.write(
        world.json
          ? `{"path":${pathJson(one.path)},"metadata":${JSON.stringify(one.metadata)}}\n`
          : text(toDisplay(one.path) || '.', one.metadata, world),
      );
    }
  } finally {
    out.end();
  }
  return 0;
}

function text(path: string, metadata: Metadata, { out }: World): string {
  return `${out.style.bold(path)}\n${formatMetadata(metadata).replace(/^(?=.)/gm, '  ')}`;
}
