import type { Row } from '../capability.js';
import type { Size } from './repository.js';
import type { World } from './world.js';

/** What a row of contexts is measured with. */
export interface ContextBench {
  readonly world: World;
  readonly repository: string;
  readonly size: Size;
  readonly tell: (text: string) => void;
}

export type ContextRow = Row<ContextBench>;
