/** Who takes part: what one turn of his measures, by whatever keys. */
export interface Player<Key extends string> {
  readonly name: string;
  turn(number: number): Promise<Readonly<Record<Key, number>>> | Readonly<Record<Key, number>>;
}

export interface Rules {
  /** How many turns of each count, at most. */
  readonly turns: number;
  /** How many before do not count, or fewer when they take up a quarter of the budget. */
  readonly warm: number;
  /** After so many milliseconds a player has no further turn; the one that went beyond counts in any case. */
  readonly budget: number;
}

/**
 * Lets players measure by turns, as the machine's own speed changes from one moment to the next. Returns all that counted, by player and
 * key.
 */
export async function byTurns<Key extends string>(
  players: readonly Player<Key>[],
  { turns, warm, budget }: Rules,
): Promise<(player: string, key: Key) => number[]> {
  const counted = new Map(players.map(({ name }) => [name, [] as Readonly<Record<Key, number>>[]]));
  const spent = new Map<string, number>();
  for (let number = 0; number < warm + turns; number += 1) {
    for (const player of players) {
      const before = spent.get(player.name) ?? 0;
      const isWarm = number >= warm || before > budget / 4;
      if (before > budget) continue;
      const start = performance.now();
      const measured = await player.turn(number);
      const after = before + performance.now() - start;
      spent.set(player.name, after);
      if (isWarm || after > budget) counted.get(player.name)?.push(measured);
    }
  }
  return (player, key) => (counted.get(player) ?? []).map((measured) => measured[key]);
}
