import { expect } from 'vitest';
import type { LiveShell, Machine, Outcome } from './machine.js';
import { applied, asShell, edited, hasWork, listed, type Model, someEdits } from './model.js';
import type { Random } from './random.js';

/** What an operation works on. */
export interface Soak {
  readonly machine: Machine;
  readonly model: Model;
  readonly random: Random;
  readonly shells: { context: string; readonly shell: LiveShell }[];
  /** A holder was killed while shells were open: the hub lives on in several pieces until they end. */
  torn: boolean;
  /** What was done, for the report of a failure. */
  readonly history: string[];
}

export interface Operation {
  readonly name: string;
  /** How often it is drawn, against the others. */
  readonly weight: number;
  possible(soak: Soak): boolean;
  perform(soak: Soak): void | Promise<void>;
}

const mostContexts = 6;
const always = (): boolean => true;
const someContext = ({ model }: Soak): boolean => model.contexts.size > 0;
const room = ({ model }: Soak): boolean => model.contexts.size < mostContexts;

let named = 0;

function pickContext({ model, random }: Soak): string {
  return random.pick([...model.contexts.keys()]);
}

function filesIn(soak: Soak, context: string): Model['host'] {
  return soak.model.contexts.get(context)?.files ?? new Map();
}

function ok(outcome: Outcome): Outcome {
  expect(outcome.status, outcome.errors).toBe(0);
  return outcome;
}

/**
 * `mzr` with `args`. Where the holder was killed under open shells, a context may be held by a shell that no hub leads to any more: that is
 * refused with the reason, and works once the shells have ended.
 */
async function mzr(soak: Soak, ...args: readonly string[]): Promise<Outcome> {
  const outcome = soak.machine.mzr(...args);
  if (!soak.torn || !outcome.errors.includes('E_CONTEXT_MOUNTED_ELSEWHERE')) return outcome;
  await endShells(soak);
  return soak.machine.mzr(...args);
}

async function endShells(soak: Soak): Promise<void> {
  for (const { shell } of soak.shells.splice(0)) await shell.end('exit');
  soak.torn = false;
}

function inContext(soak: Soak, context: string, edits: ReturnType<typeof someEdits>): void {
  const known = soak.model.contexts.get(context);
  if (known !== undefined) known.files = edited(known.files, edits);
}

/** Everything that can happen to contexts in a day. */
export const operations: readonly Operation[] = [
  {
    name: 'edit the host view',
    weight: 4,
    possible: always,
    perform({ machine, model, random }) {
      const edits = someEdits(random);
      machine.host(asShell(edits));
      model.host = edited(model.host, edits);
    },
  },
  {
    name: 'run, and leave nothing',
    weight: 4,
    possible: always,
    async perform(soak) {
      const edits = someEdits(soak.random);
      const script = `${asShell(edits)}\n${soak.machine.listing}`;
      const { output } = ok(await mzr(soak, 'run', '--', 'sh', '-c', script));
      expect(output).toBe(listed(edited(soak.model.host, edits)));
    },
  },
  {
    name: 'run, and keep',
    weight: 4,
    possible: room,
    async perform(soak) {
      const edits = someEdits(soak.random);
      const name = `c${(named += 1)}`;
      ok(await mzr(soak, 'run', `--keep=${name}`, '--', 'sh', '-c', asShell(edits)));
      soak.model.contexts.set(name, { base: soak.model.host, files: edited(soak.model.host, edits) });
    },
  },
  {
    name: 'fork a context',
    weight: 3,
    possible: (soak) => someContext(soak) && room(soak),
    async perform(soak) {
      const from = pickContext(soak);
      const edits = someEdits(soak.random);
      const name = `c${(named += 1)}`;
      ok(await mzr(soak, 'run', '--from', from, `--keep=${name}`, '--', 'sh', '-c', asShell(edits)));
      // The fork stands on what its origin stands on: the origin's changes are its changes too.
      const base = soak.model.contexts.get(from)?.base ?? new Map();
      soak.model.contexts.set(name, { base, files: edited(filesIn(soak, from), edits) });
    },
  },
  {
    name: 'edit a context',
    weight: 5,
    possible: someContext,
    async perform(soak) {
      const context = pickContext(soak);
      const edits = someEdits(soak.random);
      ok(await mzr(soak, 'exec', context, '--', 'sh', '-c', asShell(edits)));
      inContext(soak, context, edits);
    },
  },
  {
    name: 'open a shell',
    weight: 3,
    possible: (soak) => someContext(soak) && soak.shells.length < 3,
    async perform(soak) {
      const context = pickContext(soak);
      ok(await mzr(soak, 'exec', context, '--', 'true'));
      const shell = soak.machine.shell(context);
      soak.shells.push({ context, shell });
      expect(await shell.files()).toBe(listed(filesIn(soak, context)));
    },
  },
  {
    name: 'edit in a shell',
    weight: 5,
    possible: ({ shells }) => shells.length > 0,
    async perform(soak) {
      const { context, shell } = soak.random.pick(soak.shells);
      const edits = someEdits(soak.random);
      await shell.type(asShell(edits));
      inContext(soak, context, edits);
      expect(await shell.files()).toBe(listed(filesIn(soak, context)));
    },
  },
  {
    name: 'switch a shell',
    weight: 4,
    possible: (soak) => soak.shells.length > 0 && someContext(soak),
    async perform(soak) {
      const session = soak.random.pick(soak.shells);
      const context = pickContext(soak);
      ok(await mzr(soak, 'exec', context, '--', 'true'));
      if (session.shell.ended) return;
      let complaint = await session.shell.switchTo(context);
      if (complaint.includes('E_DAEMON_INSIDE')) {
        // An ordinary user cannot start the daemon from inside a session, and is told to do it outside.
        ok(soak.machine.mzr('list'));
        complaint = await session.shell.switchTo(context);
      }
      expect(complaint.replace('mzr: Starting the daemon …\n', '')).toBe('');
      session.context = context;
      expect(await session.shell.files()).toBe(listed(filesIn(soak, context)));
    },
  },
  {
    name: 'apply',
    weight: 3,
    possible: someContext,
    async perform(soak) {
      const context = pickContext(soak);
      const { base, files } = soak.model.contexts.get(context) ?? { base: new Map(), files: new Map() };
      const after = applied(base, soak.model.host, files);
      const { status, output, errors } = await mzr(soak, 'apply', context);
      const trees = [base, soak.model.host, files].map(listed).join('--\n');
      expect(status, `${context}\n${trees}${output}${errors}`).toBe(after === undefined ? 1 : 0);
      if (after !== undefined) soak.model.host = after;
    },
  },
  {
    name: 'drop',
    weight: 2,
    possible: someContext,
    async perform(soak) {
      const context = pickContext(soak);
      const { base, files } = soak.model.contexts.get(context) ?? { base: new Map(), files: new Map() };
      const { status } = await mzr(soak, 'drop', context);
      const used = soak.shells.some((session) => session.context === context);
      const { head, host } = soak.model;
      if (used || hasWork(files, [base, host, head])) expect(status, 'with work or a shell in it').toBe(3);
      if (status === 0) soak.model.contexts.delete(context);
      else expect(used || hasWork(files, [head]), 'without work').toBe(true);
    },
  },
  {
    name: 'drop by force',
    weight: 2,
    possible: someContext,
    async perform(soak) {
      const context = pickContext(soak);
      ok(await mzr(soak, 'drop', '--force', context));
      soak.model.contexts.delete(context);
      for (const session of soak.shells.filter((candidate) => candidate.context === context)) {
        await session.shell.end('SIGKILL');
        soak.shells.splice(soak.shells.indexOf(session), 1);
      }
    },
  },
  {
    name: 'kill the daemon',
    weight: 2,
    possible: always,
    perform: ({ machine }) => machine.killService('daemon'),
  },
  {
    name: 'kill the holder',
    weight: 1,
    possible: always,
    perform(soak) {
      soak.machine.killService('holder');
      soak.torn ||= soak.shells.length > 0;
    },
  },
  {
    name: 'kill the daemon and the holder',
    weight: 1,
    possible: always,
    perform(soak) {
      soak.machine.killService('holder');
      soak.machine.killService('daemon');
      soak.torn ||= soak.shells.length > 0;
    },
  },
  {
    name: 'end a shell',
    weight: 2,
    possible: ({ shells }) => shells.length > 0,
    async perform({ shells, random }) {
      const [session] = shells.splice(random.below(shells.length), 1);
      await session?.shell.end(random.pick(['SIGKILL', 'exit'] as const));
    },
  },
  {
    name: 'kill a run in the middle',
    weight: 2,
    possible: always,
    async perform(soak) {
      await soak.machine.killedRun(`${asShell(someEdits(soak.random))}\necho ready; exec sleep 600`);
    },
  },
  {
    name: 'collect garbage',
    weight: 1,
    possible: always,
    async perform(soak) {
      ok(await mzr(soak, 'gc'));
    },
  },
  {
    name: 'take a snapshot',
    weight: 1,
    possible: always,
    async perform(soak) {
      ok(await mzr(soak, 'snapshot'));
    },
  },
];

/** An operation that is possible now, by weight. */
export function draw(soak: Soak): Operation {
  const possible = operations.filter((operation) => operation.possible(soak));
  return soak.random.pick(possible.flatMap((operation) => Array<Operation>(operation.weight).fill(operation)));
}

/** Holds all that can be seen against the model. */
export async function check(soak: Soak): Promise<void> {
  const { machine, model, shells } = soak;
  expect(machine.hostFiles(), 'the host view').toBe(listed(model.host));
  for (const [context, { files }] of model.contexts) {
    expect(ok(await mzr(soak, 'exec', context, '--', 'sh', '-c', machine.listing)).output, `context ${context}`).toBe(
      listed(files),
    );
  }
  for (const { context, shell } of shells) {
    expect(await shell.files(), `a shell in ${context}`).toBe(listed(filesIn(soak, context)));
  }
  const list = JSON.parse(ok(machine.mzr('list', '--json')).output) as { contexts: { name: string }[] };
  expect(list.contexts.map(({ name }) => name).sort(), 'mzr list').toEqual([...model.contexts.keys()].sort());
}
