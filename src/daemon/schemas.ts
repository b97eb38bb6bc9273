import { z } from 'zod';
import type { Method, Params } from '../protocol/messages.js';
import { MizerError } from '../model/errors.js';

const text = z.string();
const flag = z.boolean();
const texts = z.array(text).readonly();
const absolute = text.startsWith('/', 'must be an absolute path');
const whole = z.number().int().nonnegative();
const optional = <T extends z.ZodType>(type: T): z.ZodExactOptional<T> => type.exactOptional();

const nothing = z.record(text, z.never());
const standing = z.strictObject({ cwd: absolute });
const context = standing.extend({ context: text });
const limits = z.strictObject({
  cpuPercent: optional(z.number().positive()),
  memoryBytes: optional(whole.positive()),
  pids: optional(whole.positive()),
});
const make = z.strictObject({
  from: optional(text),
  at: optional(text),
  clean: optional(flag),
  live: optional(flag),
  branch: optional(text),
  name: optional(text),
  share: optional(texts),
  exclude: optional(texts),
});

/** What each request must look like; the compiler holds it against `messages.ts`. */
export const schemas = {
  hello: z.strictObject({ protocol: whole, build: text }),
  'daemon/status': nothing,
  'daemon/stop': z.strictObject({ force: flag }),
  init: z.strictObject({ directory: absolute }),
  'session/open': standing.extend({
    purpose: z.enum(['run', 'shell', 'exec']),
    context: optional(text),
    make,
    keep: optional(z.union([flag, text])),
    limits: optional(limits),
    command: texts,
    gitSettings: z.record(text, text),
  }),
  'session/enter': z.strictObject({ session: text, pid: whole.positive() }),
  'session/end': standing.extend({ session: text, context: text, keep: flag }),
  'session/switch': context.extend({ branch: flag }),
  'context/list': standing.extend({ all: flag }),
  'context/show': context,
  'context/diff': context.extend({ paths: texts, patch: flag, ignored: flag }),
  'context/apply': context.extend({ paths: texts, into: optional(text), dryRun: flag, merge: flag, ignored: flag }),
  'context/rewind': context.extend({ snapshot: text }),
  'context/promote': context,
  'context/limit': context.extend({ limits, lifted: z.array(limits.keyof()).readonly() }),
  'context/pause': context,
  'context/resume': context,
  'context/stop': context,
  'context/drop': standing.extend({ contexts: texts, force: flag }),
  'snapshot/take': standing.extend({ of: optional(text) }),
  'snapshot/list': standing,
  'archive/list': standing,
  gc: standing,
} as const satisfies { readonly [M in Method]: z.ZodType<Params<M>> };

type Schemas = typeof schemas;
/** Each message that a schema lets through, or the contract knows, and the other does not. Must be none. */
type Unequal = { [M in Method]: Params<M> extends z.infer<Schemas[M]> ? never : M }[Method];
const equal: [Unequal] extends [never] ? true : Unequal = true;
void equal;

/**
 * A request's parameters, checked.
 * @throws MizerError `E_PROTOCOL` with what was wrong
 */
export function checkParams<M extends Method>(method: M, params: unknown): Params<M> {
  const checked = schemas[method].safeParse(params);
  if (checked.success) return checked.data as Params<M>;
  const faults = checked.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || 'the message'}: ${message}`,
  );
  throw protocolError(`The request ${method} is not as it should be: ${faults.join('; ')}.`, { method, faults });
}

/** Whether there is a request of this name. */
export function isMethod(name: string): name is Method {
  return Object.hasOwn(schemas, name);
}

/** The error of a message that no client of this version sends. */
export function protocolError(sentence: string, data: Readonly<Record<string, unknown>>): MizerError {
  return new MizerError('E_PROTOCOL', sentence, {
    group: 'failed',
    hint: 'Client and daemon may be of different versions: run `mzr daemon stop`, then the command again.',
    data,
  });
}
