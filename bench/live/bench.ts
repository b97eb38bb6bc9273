import type { Row } from '../capability.js';

/** What a row of live is measured with. */
export interface LiveBench {
  /** To try a row: a tenth of the size or less. */
  readonly small: boolean;
  readonly tell: (text: string) => void;
}

export type LiveRow = Row<LiveBench>;
