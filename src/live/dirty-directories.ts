import type { EpochState } from './epoch.js';
import type { NodeId } from './ids.js';
import type { Place } from './places.js';

/** Directories with anything below them, now or in the base, that an operation touched. */
export function dirtyDirectories(state: EpochState): ReadonlySet<NodeId> {
  const { places } = state.view;
  const now = new Set<NodeId>();
  const home = new Set<NodeId>();
  const mark = (into: Set<NodeId>, node: NodeId, place: (node: NodeId) => Place | undefined): void => {
    for (let at = place(node)?.parent; typeof at === 'string' && !into.has(at); at = place(at)?.parent) into.add(at);
  };
  const touched = [...places.touched(), ...Array.from(state.files(), ({ node }) => node)];
  for (const node of touched) {
    mark(now, node, (at) => places.place(at));
    mark(home, node, (at) => places.homeOf(at));
  }
  return new Set([...now, ...home]);
}
