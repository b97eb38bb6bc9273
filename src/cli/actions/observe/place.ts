import { resolve } from 'node:path';
import { locateShadow, type Shadow } from '../../../observe/shadow.js';
import type { TreePath } from '../../../model/tree-path.js';
import type { Layout } from '../../reporter/observed.js';
import type { World } from '../../world.js';

export interface PlaceInput {
  readonly path: string | undefined;
  readonly shadowRoot: string | undefined;
}

/** The shadow repository that speaks of a path as it was typed. @throws MizerError as `locateShadow` */
export function placeOf(
  { path, shadowRoot }: PlaceInput,
  world: World,
): Promise<{ readonly shadow: Shadow; readonly path: TreePath }> {
  const options = shadowRoot === undefined ? {} : { shadowRoot: resolve(world.cwd(), shadowRoot) };
  return locateShadow(resolve(world.cwd(), path ?? '.'), options);
}

export function layoutOf({ out }: World): Layout {
  const columns = out.terminal ? process.stdout.columns : 0;
  return { style: out.style, width: columns > 0 ? columns : 80 };
}
