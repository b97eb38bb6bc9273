import { Worker, type MessagePort, type TransferListItem } from 'node:worker_threads';
import { MizerError } from '../model/errors.js';

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  /** What was thrown, as a structured clone keeps it. */
  readonly error?: unknown;
}

interface Waiting {
  readonly holds: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A worker thread that answers questions one after the other. It starts with the first question, stays for the next ones, and keeps the
 * process from ending only while an answer is due. The other end is `answerWith`.
 */
export class Background<Question, Reply> {
  readonly #module: URL;
  readonly #idleMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last = 0;

  /**
   * @param module the worker's module, which calls `answerWith`
   * @param idleMs after so long without a question the thread ends and gives its memory back; never for one that remembers something
   */
  constructor(module: URL, idleMs = Infinity) {
    this.#module = module;
    this.#idleMs = idleMs;
  }

  /**
   * @param holds whether the process is to wait for the answer before it ends
   * @throws what the worker's own function throws; MizerError `E_WORKER_LOST` when the thread itself ended
   */
  ask(question: Question, holds = true): Promise<Reply> {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());
    this.#last += 1;
    const id = this.#last;
    if (holds) worker.ref();
    worker.postMessage({ id, question }, []);
    return new Promise<Reply>((resolve, reject) => {
      this.#waiting.set(id, { holds, resolve: (value) => resolve(value as Reply), reject });
    });
  }

  #retire(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(this.#module);
    worker.unref();
    worker.on('message', ({ id, value, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (![...this.#waiting.values()].some(({ holds }) => holds)) worker.unref();
      if (this.#waiting.size === 0 && this.#idleMs < Infinity)
        this.#idle = setTimeout(() => this.#retire(), this.#idleMs).unref();
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(error);
    });
    const lost = (cause?: unknown): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const error = new MizerError('E_WORKER_LOST', 'A background thread of mizer ended before its work was done.', {
        group: 'failed',
        hint: 'Try again; if it happens once more, see `mzr daemon log`.',
        cause,
      });
      for (const waiting of this.#waiting.values()) waiting.reject(error);
      this.#waiting.clear();
    };
    worker.on('error', lost);
    worker.on('exit', () => lost());
    return worker;
  }
}

/** An answer, and what of it is handed over instead of copied. */
export interface Handover {
  readonly value: unknown;
  readonly transfer?: TransferListItem[];
}

/** The worker's end of `Background`. What `answer` promises is sent when it is there; other questions are answered meanwhile. */
export function answerWith<Question>(
  port: MessagePort | null,
  answer: (question: Question) => Handover | Promise<Handover>,
): void {
  port?.on('message', ({ id, question }: { readonly id: number; readonly question: Question }) => {
    const reply = async (): Promise<void> => {
      try {
        const { value, transfer } = await answer(question);
        port.postMessage({ id, value }, transfer ?? []);
      } catch (error) {
        port.postMessage({ id, error }, []);
      }
    };
    void reply();
  });
}
