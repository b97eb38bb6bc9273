import type { Measurement } from './measurement.js';

/** One row of a speed table: the figures it yields, in the table's order. `Bench`: what it measures with. */
export interface Row<Bench> {
  readonly id: string;
  measure(bench: Bench): Measurement[] | Promise<Measurement[]>;
}

/** How a capability is to be measured. */
export interface Circumstances {
  /** A directory for what the benchmark makes. It is kept, so that the next one can use it again. */
  readonly directory: string;
  /** To try a row; nothing is kept of the results. */
  readonly small: boolean;
  readonly tell: (text: string) => void;
}

/** A capability that is ready to be measured. */
export interface Stage {
  /** What a reader of the results must know besides the machine. */
  readonly facts: Readonly<Record<string, unknown>>;
  measure(row: string): Measurement[] | Promise<Measurement[]>;
  end(): void;
}

/** What `npm run bench` can measure: the rows of one speed table. */
export interface Capability {
  readonly id: string;
  /** The ids of its rows, in the table's order. */
  readonly rows: readonly string[];
  prepare(circumstances: Circumstances): Stage;
}
