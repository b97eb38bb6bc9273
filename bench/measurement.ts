import type { Size } from './repository.js';
import type { World } from './world.js';

/** One line of the table: a figure, what it is held against in the same run, and what was promised. */
export interface Measurement {
  /** The row of the speed table it belongs to; what `--only` takes. */
  readonly row: string;
  readonly what: string;
  readonly measured: number;
  readonly unit: 'ms' | 'KB' | 'MB';
  readonly against?: { readonly what: string; readonly value: number };
  /** `measured` divided by what it is held against; of speeds the other way round. */
  readonly ratio?: number;
  readonly target?: string;
  readonly met?: boolean;
  readonly note?: string;
}

/** What a row is given to measure with. */
export interface Bench {
  readonly world: World;
  readonly repository: string;
  readonly size: Size;
  readonly tell: (text: string) => void;
}

/** One row of the speed table: the figures it yields, in the table's order. */
export interface Row {
  readonly id: string;
  measure(bench: Bench): Measurement[] | Promise<Measurement[]>;
}

type Figure = Pick<Measurement, 'row' | 'what' | 'measured' | 'unit' | 'note'>;

/** A figure that must not exceed `limit` of its own unit. */
export function atMost(figure: Figure, limit: number): Measurement {
  return { ...figure, target: `≤ ${limit} ${figure.unit}`, met: figure.measured <= limit };
}

/** A figure that must not exceed `limit` times another one of the same run. `shown`: the limit as the speed table writes it. */
export function atMostTimes(
  figure: Figure,
  against: { readonly what: string; readonly value: number },
  limit: number,
  shown = `${limit}`,
): Measurement {
  const ratio = figure.measured / against.value;
  return { ...figure, against, ratio, target: `≤ ${shown} ×`, met: ratio <= limit };
}

/** Work that must be done at `share` of the other's speed or more; both figures are times, the ratio is of speeds. */
export function atLeastTimes(
  figure: Figure,
  against: { readonly what: string; readonly value: number },
  share: number,
): Measurement {
  const ratio = against.value / figure.measured;
  return { ...figure, against, ratio, target: `≥ ${share} ×`, met: ratio >= share };
}

/** A figure without a promise: for comparison. */
export function forComparison(figure: Figure): Measurement {
  return figure;
}
