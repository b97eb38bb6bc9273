import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, wantsJson } from '../../src/cli/arguments/parse.js';
import { commandsOf, findCommand } from '../../src/cli/catalogue.js';
import { type Declaration, isFamily } from '../../src/cli/declaration.js';
import { MizerError } from '../../src/model/errors.js';

const command = (
  ...line: readonly string[]
): { readonly declaration: Declaration; readonly words: readonly string[] } => {
  const { command: declaration, words } = findCommand(line);
  if (isFamily(declaration)) throw new Error(`a family: ${line.join(' ')}`);
  return { declaration, words };
};

/** Words as a shell reads them that knows only single quotes. */
const shellWords = (line: string): readonly string[] =>
  (line.match(/(?:'[^']*'|[^' ])+/g) ?? []).map((word) => word.replaceAll("'", ''));

const declarationOf = (name: string): Declaration => command(name).declaration;

const read = (line: string): Readonly<Record<string, unknown>> => {
  const { declaration, words } = command(...line.split(' '));
  return parse(declaration, words).input;
};

const refusal = (line: string): MizerError => {
  try {
    read(line);
  } catch (error) {
    if (error instanceof MizerError) return error;
    throw error;
  }
  throw new Error(`accepted: ${line}`);
};

const attempt = (declaration: Declaration, words: readonly string[]): unknown => {
  try {
    parse(declaration, words);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('a command line', () => {
  test('options of run end at the first word that is none: the rest is never ours', () => {
    expect(read('run --clean make --clean --keep -j2 -- --json')).toMatchObject({
      clean: true,
      keep: undefined,
      command: ['make', '--clean', '--keep', '-j2', '--', '--json'],
    });
  });

  test('words after -- are the command, whatever they look like', () => {
    expect(read('run --keep -- --help')).toMatchObject({ keep: true, command: ['--help'] });
    expect(read('exec review -- --version')).toMatchObject({ context: 'review', command: ['--version'] });
    expect(read('exec review -- git diff -- a')).toMatchObject({ command: ['git', 'diff', '--', 'a'] });
  });

  test('any command after -- arrives unchanged', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (command) => {
        expect(parse(declarationOf('run'), ['--', ...command]).input['command']).toEqual(command);
        expect(parse(declarationOf('exec'), ['x', '--', ...command]).input['command']).toEqual(command);
      }),
    );
  });

  test('words never end in anything but an answer or a MizerError of group usage', () => {
    const words = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '--',
        '-',
        '--keep',
        '--keep=',
        '--cpu',
        '--from',
        '--__proto__',
        '--constructor',
        '-bx',
        '--json=1',
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...commandsOf()), fc.array(words), (declaration, line) => {
        const error = attempt(declaration, line);
        expect(error === undefined || (error instanceof MizerError && error.group === 'usage')).toBe(true);
      }),
    );
  });

  test('--keep takes its name only with =, so that the command is not swallowed', () => {
    expect(read('run --keep make')).toMatchObject({ keep: true, command: ['make'] });
    expect(read('run --keep=try make')).toMatchObject({ keep: 'try', command: ['make'] });
    expect(read('run make')).toMatchObject({ keep: undefined });
  });

  test('options of shell may stand on both sides of the context', () => {
    expect(read('shell --clean review --branch f/x')).toMatchObject({ context: 'review', clean: true, branch: 'f/x' });
  });

  test('repeatable options keep their order, of others the last one counts', () => {
    expect(read('run --share a --share b --at x --at y true')).toMatchObject({ share: ['a', 'b'], at: 'y' });
  });

  test('limits are read into one unit', () => {
    expect(read('limit c --cpu 150% --memory 4G --pids 500')).toMatchObject({
      cpu: 150,
      memory: 4 * 2 ** 30,
      pids: 500,
    });
    expect(read('limit c --memory 1.5GiB')).toMatchObject({ memory: 1.5 * 2 ** 30 });
    expect(read('limit c --memory 512m')).toMatchObject({ memory: 512 * 2 ** 20 });
  });

  test.each([
    ['limit c --cpu 1.5', '150%'],
    ['limit c --cpu 0%', '150%'],
    ['limit c --memory lots', '4G'],
    ['limit c --memory 0', '4G'],
    ['limit c --pids many', '500'],
    ['daemon restart', 'status, stop or log'],
  ])('a wrong value says what would be right: %s', (line, right) => {
    const { code, message } = refusal(line);
    expect(code).toBe('E_USAGE');
    expect(message).toContain(right);
  });

  test.each(['../x', '-x', 'a/b', '.git', '', 'a..b', 'x.lock', 'ends.', 'é', 'a'.repeat(65)])(
    'what cannot be the name of a context is refused at the door: %j',
    (name) => {
      expect(() => parse(declarationOf('show'), ['--', name])).toThrowError(
        expect.objectContaining({ code: 'E_NAME_INVALID', group: 'usage' }),
      );
    },
  );

  test('an unknown option names the nearest one', () => {
    expect(refusal('run --braanch x make').hint).toBe('Did you mean --branch?');
    expect(refusal('list --lal').hint).toBe('Did you mean --all?');
    expect(refusal('list --zzzzzzzz').hint).toBe('See mzr help list.');
  });

  test('an unknown command names the nearest one', () => {
    expect(() => findCommand(['swicth'])).toThrowError(expect.objectContaining({ hint: 'Did you mean mzr switch?' }));
    expect(() => findCommand(['snapshost'])).toThrowError(
      expect.objectContaining({ hint: expect.stringContaining('snapshot') }),
    );
  });

  test('a value that looks like an option is not swallowed', () => {
    expect(refusal('run --from --at x make').hint).toContain('--from=--at');
    expect(refusal('run --from').message).toContain('--from needs a value');
  });

  test('flags take no value, and a missing or superfluous word is named', () => {
    expect(refusal('list --all=yes').message).toContain('--all takes no value');
    expect(refusal('show').message).toContain('CONTEXT is missing');
    expect(refusal('show a b').message).toContain("'b' is one word too many");
    expect(refusal('run').message).toContain('COMMAND is missing');
  });

  test('--json of the command that is run is not taken for ours', () => {
    expect(wantsJson(declarationOf('run'), ['npm', 'ls', '--json'])).toBe(false);
    expect(wantsJson(declarationOf('run'), ['--json', 'npm'])).toBe(true);
    expect(wantsJson(declarationOf('list'), ['x', '--json'])).toBe(true);
    expect(wantsJson(declarationOf('list'), ['--', '--json'])).toBe(false);
  });

  test('paths of the work tree are kept as bytes', () => {
    expect(read('diff c é')).toMatchObject({ paths: ['\u00c3\u00a9'] });
  });
});

describe('the declarations', () => {
  test('every command has a summary, a description and an example, and its code can be loaded', async () => {
    for (const declaration of commandsOf()) {
      const { name, summary, description, examples } = declaration;
      const lacking = { name, lacks: summary === '' || description.length === 0 || examples.length === 0 };
      expect(lacking).toEqual({ name, lacks: false });
      expect(await declaration.load()).toBeTypeOf('function');
    }
  });

  test('every example that is a plain mzr command line parses', () => {
    const lines = commandsOf().flatMap(({ examples }) => examples.map(({ line }) => line));
    const plain = lines.filter((line) => /^mzr [^|&"$~>]*$/.test(line));
    expect(plain.length).toBeGreaterThan(30);
    const refused = plain.filter((line) => {
      const { declaration, words } = command(...shellWords(line.slice('mzr '.length)));
      return attempt(declaration, words) !== undefined;
    });
    expect(refused).toEqual([]);
  });
});
