import { contextOfBranch, makeForBranch } from '../contexts/branch-context.js';
import { forgetGroup, joinCommand, requireLimits } from '../contexts/control.js';
import { headOf } from '../contexts/context-git.js';
import { makeContext, type MakeRequest } from '../contexts/make.js';
import { openContext } from '../contexts/open.js';
import type { ContextRecord } from '../contexts/records.js';
import { retire } from '../contexts/remove.js';
import { keyOf, type WorkTree } from '../contexts/work-tree.js';
import { checkName } from '../model/context-name.js';
import { MizerError } from '../model/errors.js';
import { checkPath, fromText, pathFrom } from '../model/tree-path.js';
import type { EndSessionResult, OpenSessionParams } from '../protocol/messages.js';
import type { ContextWorld } from './context-services.js';
import type { Call, Services } from './services.js';
import type { ContextView, Sessions } from './sessions.js';

export interface SessionWorld extends ContextWorld {
  readonly sessions: Sessions;
  /** What a session's environment adds to the caller's own settings for git. */
  environment(gitSettings: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
}

type SessionServices = Pick<Services, 'session/open' | 'session/enter' | 'session/end' | 'session/switch'>;

/** Opening, entering, ending and switching sessions. */
export function sessionServices(world: SessionWorld): SessionServices {
  /** What ends the opening of each session that a client awaits. */
  const awaited = new Map<string, () => void>();
  return {
    async 'session/open'(params, call) {
      const { tree, context: standing } = await world.standing(call, params.cwd);
      if (Object.keys(params.limits ?? {}).length > 0) requireLimits();
      const {
        record,
        notes,
        opened: done,
      } = await tree.exclusively(async () => {
        const found = await contextFor(tree, params, standing, call);
        // Before the lock is let go: a collection that waits for it must not take this context for one that is over.
        return { ...found, opened: world.openings.begin(tree, found.record.name) };
      });
      try {
        const limited = await withLimits(tree, record, params);
        const view = await viewOf(tree, limited);
        const opened = await world.sessions.open(call.caller, view, params.cwd);
        awaited.set(opened.session, done);
        void afterwards(call.caller.closed, () => {
          awaited.delete(opened.session);
          done();
          world.prepare(tree);
        });
        world.prepare(tree);
        return {
          ...opened,
          context: record.name,
          workTree: tree.path,
          chain: [...joinCommand(tree, limited), ...opened.chain],
          environment: world.environment(params.gitSettings),
          notes,
        };
      } catch (error) {
        done();
        throw error;
      }
    },

    async 'session/enter'({ session, pid }, call) {
      await world.sessions.enter(call.caller, session, pid);
      return {};
    },

    async 'session/end'({ session, context, keep, cwd }, call) {
      world.sessions.end(session);
      awaited.get(session)?.();
      const { tree } = await world.standing(call, cwd);
      const ended = await tree.exclusively(() => endRun(tree, context, keep));
      world.prepare(tree);
      return ended;
    },

    async 'session/switch'({ cwd, context, branch }, call) {
      const { tree } = await world.standing(call, cwd);
      if (context === '-' && !branch) {
        await world.sessions.show(call.caller, { workTree: tree.path, share: [] });
        return { context: '-', workTree: tree.path, made: false, notes: [] };
      }
      world.sessions.check(call.caller);
      const { record, made, notes, opened } = await tree.exclusively(async () => {
        const found = await target(tree, context, branch, call);
        return { ...found, opened: world.openings.begin(tree, found.record.name) };
      });
      try {
        await world.sessions.show(call.caller, await viewOf(tree, record));
      } finally {
        opened();
      }
      return { context: record.name, workTree: tree.path, made, notes };
    },
  };
}

/** The context a session is to start in. */
async function contextFor(
  tree: WorkTree,
  params: OpenSessionParams,
  standing: string | undefined,
  call: Call,
): Promise<{ readonly record: ContextRecord; readonly notes: readonly string[] }> {
  const { purpose, context, make } = params;
  const mayExist = purpose !== 'run' && context !== undefined;
  if (purpose === 'exec' || (mayExist && tree.store.hasContext(checkName(context)))) {
    const options = Object.keys(make).filter((key) => key !== 'name');
    if (purpose === 'shell' && options.length > 0) {
      throw new MizerError(
        'E_CONTEXT_EXISTS',
        `Context '${context ?? ''}' exists, so --${options[0] ?? ''} cannot be applied to it.`,
        {
          hint: 'Choose another name for a new one, or leave the options out.',
          group: 'usage',
        },
      );
    }
    const record = await tree.store.context(context ?? '');
    await openContext(tree, record);
    return { record, notes: [] };
  }
  const kept = typeof params.keep === 'string' ? params.keep : undefined;
  const name = context ?? kept ?? make.name;
  const { name: _, share = [], exclude = [], ...rest } = make;
  // The tree itself can be neither shared nor left out.
  const typed = (path: string): string => checkPath(pathFrom(fromText(tree.path), fromText(params.cwd), path));
  const request: MakeRequest = {
    ...rest,
    share: share.map(typed),
    exclude: exclude.map(typed),
    hidden: purpose === 'run' && name === undefined,
    kept: params.keep === true,
    command: params.command,
    onProgress: ({ done, total }) => call.progress({ phase: 'copying', done, total }),
    ...(name === undefined ? {} : { name: checkName(name) }),
    ...(standing === undefined ? {} : { standing }),
  };
  return makeContext(tree, request);
}

async function withLimits(
  tree: WorkTree,
  record: ContextRecord,
  { limits }: OpenSessionParams,
): Promise<ContextRecord> {
  if (limits === undefined || Object.keys(limits).length === 0) return record;
  const limited = { ...record, limits: { ...record.limits, ...limits } };
  await tree.store.writeContext(limited);
  return limited;
}

async function viewOf(tree: WorkTree, record: ContextRecord): Promise<ContextView> {
  return {
    key: keyOf(tree, record.name),
    workTree: tree.path,
    mountPoint: await openContext(tree, record),
    share: [...record.share, ...tree.host.mountsInside()],
  };
}

async function endRun(tree: WorkTree, name: string, keep: boolean): Promise<EndSessionResult> {
  const record = await tree.store.context(name);
  if (keep) return { context: name, outcome: 'kept', notes: [] };
  const retirement = await retire(tree, record);
  if (!tree.store.hasContext(name)) await forgetGroup(tree, record);
  return { context: name, ...retirement, notes: [] };
}

async function target(
  tree: WorkTree,
  name: string,
  isBranch: boolean,
  call: Call,
): Promise<{ readonly record: ContextRecord; readonly made: boolean; readonly notes: readonly string[] }> {
  if (!isBranch) return { record: await tree.store.context(name), made: false, notes: [] };
  const known = await contextOfBranch(tree, name);
  if (known !== undefined) return { record: known, made: false, notes: [] };
  const host = tree.repository === undefined ? {} : await headOf(tree.repository);
  if (host.branch === name) {
    throw new MizerError('E_BRANCH_IN_USE', `Branch ${name} is checked out in the host view.`, {
      hint: 'Go there with `mzr switch -`.',
    });
  }
  const made = await makeForBranch(tree, name, {
    onProgress: ({ done, total }) => call.progress({ phase: 'copying', done, total }),
  });
  return { ...made, made: true };
}

async function afterwards(event: Promise<void>, act: () => void): Promise<void> {
  await event;
  act();
}
