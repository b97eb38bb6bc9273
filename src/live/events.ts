/**
 * Listeners of typed events: `Events` names each with what it hands over. One that throws stops neither the others nor the tree; what it threw comes out
 * as an unhandled rejection.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();

  /** Calls `listener` at each event of this name, in the order of registration; returns what ends that. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) this.#listeners.set(name, (listeners = new Set()));
    // One function registered twice is called twice, and each registration ends for itself.
    const own = (value: Events[Name]): void => listener(value);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  hears(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of Array.from(this.#listeners.get(name) ?? [])) {
      try {
        (listener as (value: Events[Name]) => void)(value);
      } catch (error) {
        void Promise.reject(error);
      }
    }
  }
}
