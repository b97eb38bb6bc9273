import { resolve } from 'node:path';
import { locateShadow, openShadow, type Shadow } from '../../../observe/shadow.js';
import type { World } from '../../world.js';

export interface ShadowInput {
  readonly place: string | undefined;
  readonly shadowRoot: string | undefined;
}

/**
 * The shadow repository that is meant: of a directory that was named exactly that, else the one that speaks of the current directory.
 * @throws MizerError as `locateShadow`
 */
export async function shadowAt({ place, shadowRoot }: ShadowInput, world: World): Promise<Shadow> {
  const options = shadowRoot === undefined ? {} : { shadowRoot: resolve(world.cwd(), shadowRoot) };
  if (place !== undefined) return openShadow(resolve(world.cwd(), place), options);
  return (await locateShadow(world.cwd(), options)).shadow;
}
