import { collect } from '../contexts/gc.js';
import { prepareTemplate } from '../contexts/ready-index.js';
import { keyOf, type WorkTree } from '../contexts/work-tree.js';
import { installMonitor, sessionEnvironment } from '../git/fsmonitor.js';
import { mapBack } from './chain.js';
import { contextServices } from './context-services.js';
import { HostWatch } from './host-watch.js';
import { Housekeeping } from './housekeeping.js';
import { Openings } from './openings.js';
import type { Call, Capability, Parts } from './services.js';
import { sessionServices, type SessionWorld } from './session-services.js';
import { Trees } from './trees.js';

/** How often a walk is held against what the watches said. */
const verifyEveryMs = 10 * 60 * 1000;

/** Contexts, as the daemon runs them. */
export async function contextsCapability({ hub, sessions, places, log, ids }: Parts): Promise<Capability> {
  const watch = new HostWatch(places.runtime);
  const trees = new Trees(hub, watch, places.state);

  async function standing(call: Call, cwd: string): Promise<{ readonly tree: WorkTree; readonly context?: string }> {
    const sight = sessions.standing(call.caller.pid, cwd);
    // Inside a context the directory may not exist in the host view, which is what the daemon sees; the work tree's top does.
    const tree = await trees.at(sight === undefined ? cwd : Buffer.from(sight.workTree, 'latin1').toString());
    return sight === undefined ? { tree } : { tree, context: sight.key.name };
  }

  const verifying = setInterval(() => {
    void verifyAll().catch((error: unknown) => log.error('Verifying what is watched failed.', error));
  }, verifyEveryMs).unref();
  async function verifyAll(): Promise<void> {
    for (const tree of await trees.all()) {
      await tree.exclusively(() => watch.verify(tree));
      housekeeping.soon(tree);
    }
  }

  const settings = installMonitor(places.state);
  const housekeeping = new Housekeeping(log, async (tree) => {
    await tree.exclusively(() => collect(tree, (name) => world.isAwaited(tree, name), Date.now()));
    await tree.store.emptyTrash();
    const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    await prepareTemplate(tree, ids ?? self, ids === undefined ? [] : ['unshare', ...mapBack(ids), '--']);
  });
  const openings = new Openings();
  const world: SessionWorld = {
    trees,
    standing,
    sessions,
    openings,
    isAwaited: (tree, name) => openings.has(tree, name) || sessions.isPending(keyOf(tree, name)),
    environment: (own) => (settings === undefined ? {} : sessionEnvironment(own, places.git, settings)),
    prepare: (tree) => housekeeping.soon(tree),
  };
  return {
    services: { ...contextServices(world), ...sessionServices(world) },
    watched: () => watch.status(),
    async close() {
      clearInterval(verifying);
      await housekeeping.close();
      await watch.close();
      await trees.close();
    },
  };
}
