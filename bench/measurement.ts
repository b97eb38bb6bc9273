/** Another figure of the same run, of the same unit. */
export interface Comparison {
  readonly what: string;
  readonly value: number;
  /** What was measured divided by this; of speeds the other way round. */
  readonly ratio: number;
}

/** One line of the table: a figure, what it is held against in the same run, and what was promised. */
export interface Measurement {
  /** The row of the speed table it belongs to; what `--only` takes. */
  readonly row: string;
  readonly what: string;
  readonly measured: number;
  readonly unit: 'ms' | 'B' | 'KB' | 'MB';
  readonly against?: readonly Comparison[];
  readonly target?: string;
  readonly met?: boolean;
}

type Figure = Pick<Measurement, 'row' | 'what' | 'measured' | 'unit'>;

/** Another's figure, and how many times it ours may be at most; without `limit`, for comparison only. */
export interface Rival {
  readonly what: string;
  readonly value: number;
  readonly limit?: number;
  /** The limit as the speed table writes it. */
  readonly shown?: string;
}

/** A figure that must not exceed `limit` of its own unit. */
export function atMost(figure: Figure, limit: number, rivals: readonly Rival[] = []): Measurement {
  const compared = rivals.map((rival) => comparison(figure, rival));
  return {
    ...figure,
    ...(compared.length === 0 ? {} : { against: compared }),
    target: `≤ ${limit} ${figure.unit}`,
    met: figure.measured <= limit,
  };
}

/** A figure that must not exceed so many times others of the same run. */
export function atMostTimes(figure: Figure, rivals: readonly Rival[]): Measurement {
  const limited = rivals.filter(({ limit }) => limit !== undefined);
  return {
    ...figure,
    against: rivals.map((rival) => comparison(figure, rival)),
    target: limited
      .map(({ what, limit, shown }) => `≤ ${shown ?? limit} ×${rivals.length > 1 ? ` ${what}` : ''}`)
      .join(', '),
    met: limited.every(({ value, limit = 0 }) => figure.measured <= limit * value),
  };
}

/** Work that must be done at `share` of the other's speed or more; both figures are times, the ratio is of speeds. */
export function atLeastTimes(figure: Figure, { what, value }: Rival, share: number): Measurement {
  const ratio = value / figure.measured;
  return { ...figure, against: [{ what, value, ratio }], target: `≥ ${share} ×`, met: ratio >= share };
}

/** A figure without a promise: for comparison. */
export function forComparison(figure: Figure, rivals: readonly Rival[] = []): Measurement {
  const compared = rivals.map((rival) => comparison(figure, rival));
  return { ...figure, ...(compared.length === 0 ? {} : { against: compared }) };
}

function comparison({ measured }: Figure, { what, value }: Rival): Comparison {
  return { what, value, ratio: measured / value };
}
