import type { World } from './world.js';

/** Where the values of an argument come from when a shell completes it. */
export type Completion =
  | 'none'
  | 'context'
  | 'context-or-branch'
  | 'context-or-snapshot'
  | 'snapshot'
  | 'branch'
  | 'file'
  | 'directory'
  | 'command'
  | 'subcommand'
  | readonly string[];

/** A kind of value that can be typed on the command line. */
export interface ValueType<T> {
  readonly placeholder: string;
  /** Completes "--cpu takes …". */
  readonly expected: string;
  /** `undefined`: not such a value. May throw a MizerError of its own where it knows better why. */
  readonly parse: (text: string) => T | undefined;
  readonly complete: Completion;
}

export type OptionShape = 'flag' | 'value' | 'optional-value' | 'list';

export interface Option<T> {
  readonly shape: OptionShape;
  readonly summary: string;
  readonly short?: string;
  readonly type?: ValueType<unknown>;
  /** From the values given, in their order; `true` stands for an option given without one. */
  readonly read: (given: readonly unknown[]) => T;
}

export interface Positional<T> {
  readonly summary: string;
  readonly type: ValueType<unknown>;
  readonly least: 0 | 1;
  /** Takes all that follow. */
  readonly many: boolean;
  readonly read: (given: readonly unknown[]) => T;
}

type Options = Readonly<Record<string, Option<unknown>>>;
type Positionals = Readonly<Record<string, Positional<unknown>>>;
type ValueOf<A> = A extends { readonly read: (given: readonly unknown[]) => infer T } ? T : never;
export type Input<P, O> = { readonly [K in keyof P]: ValueOf<P[K]> } & { readonly [K in keyof O]: ValueOf<O[K]> };

/** A command's code: answers its exit status (overview, law 5), throws what went wrong. */
export type Perform<I> = (input: I, world: World) => Promise<number>;

export const groups = {
  work: 'Work in a context',
  look: 'See what there is',
  move: 'Bring work back, keep it, return to it',
  control: 'Hold it in check',
  observe: 'Know what is in trees too big to commit',
  clean: 'Clean up',
  set: 'Set up',
} as const;

interface Named {
  /** As it is typed after `mzr`, with the names of the families it belongs to: `observe root add`. */
  readonly name: string;
  readonly summary: string;
  readonly group: keyof typeof groups;
  /** Paragraphs of the command's own help. */
  readonly description: readonly string[];
}

interface Documented extends Named {
  readonly examples: readonly Example[];
  /** What its exit statuses mean beyond the usual 0, 2 and 3. */
  readonly exits?: Readonly<Record<string, string>>;
  /** Options end at the first positional: what follows belongs to another program. */
  readonly passesOn?: boolean;
  /** With `--json` answers a line for each of many things, as soon as it is known, instead of one document. */
  readonly streams?: boolean;
}

export interface Example {
  readonly line: string;
  readonly says: string;
}

/** A command with its types forgotten, as the parser, the help and the completion see it. */
export interface Declaration extends Documented {
  readonly positionals: Positionals;
  readonly options: Options;
  readonly load: () => Promise<Perform<never>>;
}

/** Commands under a common first word, such as `mzr observe`. */
export interface Family extends Named {
  /** In the order of the help. */
  readonly members: readonly Command[];
}

export type Command = Declaration | Family;

export function isFamily(command: Command): command is Family {
  return 'members' in command;
}

/** What is typed for a command within its family: `add` of `observe root add`. */
export function ownWord({ name }: Command): string {
  return name.slice(name.lastIndexOf(' ') + 1);
}

/** Declares a command; its code is loaded only when it is performed. */
export function declare<const P extends Positionals, const O extends Options>(
  declaration: Documented & {
    readonly positionals: P;
    readonly options: O;
    readonly load: () => Promise<Perform<Input<P, O>>>;
  },
): Declaration {
  return declaration;
}

export function flag(summary: string, short?: string): Option<boolean> {
  return { shape: 'flag', summary, ...(short === undefined ? {} : { short }), read: (given) => given.length > 0 };
}

/** The last one given counts, as in most programs. */
export function value<T>(type: ValueType<T>, summary: string): Option<T | undefined> {
  return { shape: 'value', summary, type, read: (given) => given.at(-1) as T | undefined };
}

export function optionalValue<T>(type: ValueType<T>, summary: string): Option<T | true | undefined> {
  return { shape: 'optional-value', summary, type, read: (given) => given.at(-1) as T | true | undefined };
}

export function list<T>(type: ValueType<T>, summary: string): Option<readonly T[]> {
  return { shape: 'list', summary, type, read: (given) => given as readonly T[] };
}

export function required<T>(type: ValueType<T>, summary: string): Positional<T> {
  return { summary, type, least: 1, many: false, read: (given) => given[0] as T };
}

export function optional<T>(type: ValueType<T>, summary: string): Positional<T | undefined> {
  return { summary, type, least: 0, many: false, read: (given) => given[0] as T | undefined };
}

export function rest<T>(type: ValueType<T>, least: 0 | 1, summary: string): Positional<readonly T[]> {
  return { summary, type, least, many: true, read: (given) => given as readonly T[] };
}

/** `dryRun` as it is typed: `dry-run`. */
export function optionName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
