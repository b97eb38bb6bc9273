import { ASYMMETRIC_MATCHERS_OBJECT, chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import type { ExpectStatic } from 'vitest';

// What the tests use of vitest, for a page: its own `expect`, and a runner that does one test after the other.

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
const matchers = (globalThis as Record<symbol, object>)[ASYMMETRIC_MATCHERS_OBJECT];

export const expect: ExpectStatic = Object.assign(
  (value: unknown, message?: string) => chai.expect(value, message),
  chai.expect,
  matchers,
) as ExpectStatic;

type Body = (...values: unknown[]) => unknown;

interface Registered {
  readonly file: string;
  readonly title: string;
  readonly body: Body;
  readonly timeout: number;
}

/** What became of one test. */
export interface Outcome {
  readonly file: string;
  readonly title: string;
  /** Why it failed; `null` when it passed. */
  readonly fault: string | null;
}

const registered: Registered[] = [];
let file = '';
let prefix = '';

/** The tests that are registered from now on are this file's. */
export function beginFile(name: string): void {
  file = name;
}

export function describe(title: string, body: () => void): void {
  const outer = prefix;
  prefix = `${outer}${title} > `;
  body();
  prefix = outer;
}

function register(title: string, body: Body, timeout = 60_000): void {
  registered.push({ file, title: prefix + title, body, timeout });
}

/** `%s` in a title is the next of the row's values. */
function each(rows: readonly unknown[]): (title: string, body: Body, timeout?: number) => void {
  return (title, body, timeout) => {
    for (const row of rows) {
      const values: unknown[] = Array.isArray(row) ? row : [row];
      let at = 0;
      register(
        title.replace(/%[sdi]/g, () => String(values[at++])),
        () => body(...values),
        timeout,
      );
    }
  };
}

export const test = Object.assign(register.bind(undefined), { each });
export const it = Object.assign(register.bind(undefined), { each });

/** Runs all that is registered. */
export async function runTests(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const one of registered) outcomes.push({ file: one.file, title: one.title, fault: await faultOf(one) });
  return outcomes;
}

async function faultOf({ body, timeout }: Registered): Promise<string | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${timeout} ms.`)), timeout);
  });
  try {
    await Promise.race([body(), late]);
    return null;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error);
  } finally {
    clearTimeout(timer);
  }
}
