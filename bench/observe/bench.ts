import type { Row } from '../capability.js';

/** What a row of observe is measured with. */
export interface ObserveBench {
  /** A directory of its own, removed at the end. */
  readonly place: string;
  /** A directory kept in memory where the machine has one, for a million files. */
  readonly memory: string;
  /** To try a row: a tenth of the size or less. */
  readonly small: boolean;
  readonly tell: (text: string) => void;
}

export type ObserveRow = Row<ObserveBench>;
