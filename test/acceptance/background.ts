import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** How a command ended, and what it said. */
export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that goes on while the test does. */
export class Background {
  out = '';
  err = '';
  readonly child: ChildProcessWithoutNullStreams;
  private readonly closing: Promise<Outcome & { readonly signal: NodeJS.Signals | null }>;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child;
    child.stdout.on('data', (part: Buffer) => (this.out += part.toString()));
    child.stderr.on('data', (part: Buffer) => (this.err += part.toString()));
    child.stdin.on('error', () => undefined);
    this.closing = new Promise((resolve) =>
      child.on('close', (status, signal) => resolve({ status, signal, out: this.out, err: this.err })),
    );
  }

  /** Resolves when its standard output, or what `said` answers, holds `text`. @throws Error when it ends without */
  async says(text: string, said = (): string => this.out): Promise<void> {
    await until(
      () => said().includes(text) || this.child.exitCode !== null || this.child.signalCode !== null,
      `it says ${text}`,
      () => this.out + this.err,
    );
    if (!said().includes(text)) throw new Error(`It ended without saying ${text}: ${this.out}${this.err}`);
  }

  ended(): Promise<Outcome & { readonly signal: NodeJS.Signals | null }> {
    return this.closing;
  }
}

const mark = '--end-of-answer--';

/** `mzr shell` with pipes: lines go in, answers come out. */
export class Shell extends Background {
  /** Types `script` and resolves to what it printed on standard output. @throws Error when the shell ends over it or does not answer */
  async type(script: string): Promise<string> {
    const before = this.out.length;
    this.child.stdin.write(`${script}\necho ${mark}\n`);
    const answer = (): string => this.out.slice(before);
    await this.says(`${mark}\n`, answer);
    return answer().slice(0, -mark.length - 1);
  }

  /** Ends it by the end of its input, or the hard way. */
  async end(how: 'exit' | 'SIGKILL'): Promise<void> {
    if (how === 'exit') this.child.stdin.end();
    else this.child.kill('SIGKILL');
    await this.ended();
  }
}

/** Waits until `holds` does, at most 30 seconds. @throws Error */
export async function until(holds: () => boolean, what: string, detail = (): string => ''): Promise<void> {
  for (const limit = Date.now() + 30_000; !holds(); await pause(20)) {
    if (Date.now() > limit) throw new Error(`It never came about that ${what}. ${detail()}`);
  }
}
