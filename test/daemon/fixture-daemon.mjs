// The daemon with services that need no repository: a context is an upper directory over `<root>/lower`, seen at `<root>/tree`.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { live } from '../../dist/daemon/life.js';

const root = process.env.FIXTURE_ROOT;
const storeId = 'store';
const workTree = join(root, 'tree');

await live(fileURLToPath(import.meta.url), process.argv.slice(2), async ({ hub, sessions }) => {
  const view = async (name, share = []) => {
    const home = join(root, 'contexts', name);
    const request = {
      key: { storeId, name },
      lowers: [join(root, 'lower')],
      upper: join(home, 'upper'),
      work: join(home, 'work'),
    };
    mkdirSync(request.upper, { recursive: true });
    mkdirSync(request.work, { recursive: true });
    return { key: request.key, workTree, mountPoint: await hub.mount(request), share };
  };
  const services = {
    async 'session/open'({ context, make, cwd }, { caller }) {
      const opened = await sessions.open(caller, await view(context, make.share), cwd);
      return { ...opened, context, workTree, environment: {}, notes: [] };
    },
    async 'session/enter'({ session, pid }, { caller }) {
      await sessions.enter(caller, session, pid);
      return {};
    },
    async 'session/end'({ session }) {
      sessions.end(session);
      return { context: '', outcome: 'kept', notes: [] };
    },
    async 'session/switch'({ context }, { caller }) {
      await sessions.show(caller, context === '-' ? { workTree, share: [] } : await view(context));
      return { context, workTree, made: false, notes: [] };
    },
    async 'context/list'({ cwd }, { caller }) {
      const inhabitants = await hub.inhabitants(storeId);
      const current = sessions.standing(caller.pid, cwd)?.key.name;
      const names = new Set([...hub.contexts().map(({ name }) => name), ...inhabitants.keys()]);
      return {
        contexts: [...names].map((name) => ({
          name,
          current: name === current,
          sessions: new Set((inhabitants.get(name) ?? []).map(({ namespace }) => namespace)).size,
          processes: (inhabitants.get(name) ?? []).length,
        })),
      };
    },
    async 'context/drop'({ contexts }) {
      for (const name of contexts) await hub.unmount({ storeId, name });
      return { dropped: contexts, archived: [] };
    },
    // Takes long and tells how far it is.
    async gc(_params, { progress }) {
      for (let done = 1; done <= 3; done += 1) {
        progress({ phase: 'test', done, total: 3 });
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      return { contexts: [], snapshots: [], archived: [], freedBytes: 0 };
    },
  };
  return { services, watched: async () => [], close: async () => undefined };
});
