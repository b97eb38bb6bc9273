/** Thrown where something is needed at once that a provider has not given yet; never leaves `live`. No error: nobody reads its stack, which costs much. */
export class Missing {
  readonly load: () => Promise<unknown>;

  constructor(load: () => Promise<unknown>) {
    this.load = load;
  }
}

/** The answer to a question that is answered from what is loaded, or the way to load what it lacks. */
export function need<T>(answer: T | undefined, load: () => Promise<unknown>): T {
  if (answer === undefined) throw new Missing(load);
  return answer;
}

/**
 * Does `act` as soon as all is loaded that it needs: at once when nothing is missing, else again from its beginning after each loading. So it acts in
 * one step upon the state of that moment, and must change nothing before it has all it needs.
 * @throws what loading throws, and what `act` throws
 */
export async function whenLoaded<T>(act: () => T): Promise<T> {
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      await error.load();
    }
  }
}

/** Looks through all `items` before it gives up, so that what they lack is loaded at once and not one after the other. */
export function forEachLoaded<T>(items: Iterable<T>, look: (item: T) => void): void {
  const missing: Missing[] = [];
  for (const item of items) {
    try {
      look(item);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      missing.push(error);
    }
  }
  if (missing.length > 0) throw new Missing(() => Promise.all(missing.map(({ load }) => load())));
}

/** Starts what is not under way yet; those who ask for the same meanwhile share it, and one that failed leaves nothing behind. */
export function shared(underWay: Map<string, Promise<void>>, key: string, start: () => Promise<void>): Promise<void> {
  let promise = underWay.get(key);
  if (promise === undefined) {
    promise = start().finally(() => underWay.delete(key));
    underWay.set(key, promise);
  }
  return promise;
}
