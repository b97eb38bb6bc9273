import { parseArgs } from 'node:util';
import { MizerError } from '../../model/errors.js';
import { nearest } from '../../model/nearest.js';
import { type Declaration, type Option, optionName, type Positional, type ValueType } from '../declaration.js';

/** What the words of a command line say. `help` and `json` are options of every command. */
export interface Parsed {
  readonly input: Readonly<Record<string, unknown>>;
  readonly json: boolean;
  readonly help: boolean;
}

/**
 * Reads the words after a command's name by its declaration.
 * @throws MizerError `E_USAGE` (unknown option, value missing or of the wrong kind, too few or too many words), `E_NAME_INVALID`
 */
export function parse(declaration: Declaration, words: readonly string[]): Parsed {
  const { given, plain } = sort(declaration, words);
  const help = given.has('help');
  const json = given.has('json');
  if (help) return { input: {}, json, help };
  const input: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(declaration.options)) input[key] = option.read(given.get(key) ?? []);
  Object.assign(input, place(declaration, plain));
  return { input, json, help };
}

/** Whether `--json` stands among the words: asked when they could not be read and the error itself has to be told. */
export function wantsJson(declaration: Declaration | undefined, words: readonly string[]): boolean {
  for (const word of words) {
    if (word === '--' || (declaration?.passesOn === true && !word.startsWith('-'))) return false;
    if (word === '--json') return true;
  }
  return false;
}

interface Sorted {
  readonly given: ReadonlyMap<string, readonly unknown[]>;
  readonly plain: readonly string[];
}

/** Options by key with their values, and the words that are none. */
function sort(declaration: Declaration, words: readonly string[]): Sorted {
  const entries = Object.entries(declaration.options);
  const keys = new Map([
    ...entries.map(([key]) => [optionName(key), key] as const),
    ['help', 'help'],
    ['json', 'json'],
  ]);
  const config: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
    json: { type: 'boolean' },
  };
  for (const [key, { shape, short }] of entries) {
    const type = shape === 'value' || shape === 'list' ? 'string' : 'boolean';
    config[optionName(key)] = short === undefined ? { type } : { type, short };
  }
  const { tokens } = parseArgs({
    args: [...words],
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, unknown[]>();
  const plain: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') {
      plain.push(token.value);
      if (declaration.passesOn !== true) continue;
      return { given, plain: [...plain, ...withoutTerminator(declaration, words.slice(token.index + 1))] };
    }
    if (token.kind === 'option-terminator') return { given, plain: [...plain, ...words.slice(token.index + 1)] };
    const key = keys.get(token.name);
    if (key === undefined) throw unknownOption(declaration, token.rawName, keys.keys());
    const read = readOption(declaration, token, declaration.options[key]);
    given.set(key, [...(given.get(key) ?? []), read]);
  }
  return { given, plain };
}

/** `mzr exec CONTEXT -- COMMAND`: the terminator after the words of our own is ours. */
function withoutTerminator(declaration: Declaration, words: readonly string[]): readonly string[] {
  const named = Object.values(declaration.positionals).some((positional) => !positional.many);
  return named && words[0] === '--' ? words.slice(1) : words;
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function readOption(declaration: Declaration, token: OptionToken, option: Option<unknown> | undefined): unknown {
  const { rawName, value, inlineValue } = token;
  if (option?.type === undefined) {
    if (value === undefined) return true;
    throw usage(declaration, `${rawName} takes no value.`, `Write ${rawName} alone.`);
  }
  if (value === undefined && option.shape === 'optional-value') return true;
  const swallowed = inlineValue === false && value?.startsWith('-') === true && value !== '-';
  if (value === undefined || swallowed) {
    const hint = swallowed ? `If '${value}' is meant, write ${rawName}=${value}.` : undefined;
    throw usage(declaration, `${rawName} needs a value: ${option.type.expected}.`, hint);
  }
  return readValue(declaration, rawName, option.type, value);
}

function readValue(declaration: Declaration, what: string, type: ValueType<unknown>, text: string): unknown {
  const read = type.parse(text);
  if (read !== undefined) return read;
  const near = typeof type.complete === 'string' ? undefined : nearest(text, type.complete);
  const hint = near === undefined ? undefined : `Did you mean ${near}?`;
  throw usage(declaration, `${what} takes ${type.expected}, not '${text}'.`, hint);
}

/** The words that are no options, given to the positionals in their order. */
function place(declaration: Declaration, plain: readonly string[]): Record<string, unknown> {
  const placed: Record<string, unknown> = {};
  let at = 0;
  for (const [key, positional] of Object.entries(declaration.positionals)) {
    const taken = plain.slice(at, positional.many ? undefined : at + 1);
    if (taken.length < positional.least) throw missing(declaration, positional);
    const read = taken.map((text) => readValue(declaration, positional.type.placeholder, positional.type, text));
    placed[key] = positional.read(read);
    at += taken.length;
  }
  const left = plain[at];
  if (left !== undefined) throw usage(declaration, `'${left}' is one word too many.`);
  return placed;
}

function missing(declaration: Declaration, positional: Positional<unknown>): MizerError {
  return usage(declaration, `${positional.type.placeholder} is missing: ${positional.summary}.`);
}

function unknownOption(declaration: Declaration, rawName: string, known: Iterable<string>): MizerError {
  const near = rawName.startsWith('--') ? nearest(rawName.slice(2), known) : undefined;
  const hint = near === undefined ? undefined : `Did you mean --${near}?`;
  return usage(declaration, `mzr ${declaration.name} has no option ${rawName}.`, hint);
}

/** A mistake in the command line itself; the hint falls back on the command's help. */
export function usage(declaration: Declaration, sentence: string, hint?: string): MizerError {
  return new MizerError('E_USAGE', sentence, {
    group: 'usage',
    hint: hint ?? `See mzr help ${declaration.name}.`,
    data: { command: declaration.name },
  });
}
