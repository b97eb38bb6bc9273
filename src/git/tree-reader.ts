import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { MizerError } from '../model/errors.js';
import { cleanEnvironment } from './run.js';

export interface TreeEntry {
  /** A byte string. */
  readonly name: string;
  readonly mode: '100644' | '100755' | '120000' | '040000' | '160000';
  readonly oid: string;
}

interface Question {
  readonly name: string;
  readonly resolve: (object: GitObject | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export interface GitObject {
  readonly oid: string;
  readonly type: 'commit' | 'tree' | 'blob' | 'tag';
  readonly content: Buffer;
}

/**
 * Objects of one repository, read through one `git cat-file` that lives until `close`. Questions may be asked at once; they are answered in
 * their order. Those of one turn go to git and come back together, which is quicker than one by one.
 */
export class ObjectReader {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #questions: Question[] = [];
  /** What goes to git at the end of this turn. */
  #asked = '';
  #chunks: Buffer[] = [];
  #length = 0;
  #wanted = 1;
  #ended: MizerError | undefined;

  private constructor(gitDir: string) {
    this.#process = spawn('git', [`--git-dir=${gitDir}`, 'cat-file', '--batch-command', '--buffer'], {
      cwd: '/',
      stdio: 'pipe',
      env: cleanEnvironment({
        environment: {
          GIT_NO_REPLACE_OBJECTS: '1',
          // Nothing is fetched, by programs that the repository names; a git that does not know the first variable heeds the second.
          GIT_NO_LAZY_FETCH: '1',
          GIT_ALLOW_PROTOCOL: 'none',
        },
      }),
    });
    this.#process.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#process.stderr.resume();
    this.#process.stdin.on('error', () => undefined);
    this.#process.on('error', () => this.#end());
    this.#process.on('close', () => this.#end());
  }

  static open(gitDir: string): ObjectReader {
    return new ObjectReader(gitDir);
  }

  /**
   * What a name without line feed stands for, such as an object id or `master-stat^{tree}`; `undefined` where there is none.
   * @throws MizerError `E_GIT` when the repository cannot be read
   */
  object(name: string): Promise<GitObject | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      this.#questions.push({ name, resolve, reject });
      this.#ask(`contents ${name}\n`);
    });
  }

  #ask(line: string): void {
    if (this.#asked === '') {
      setImmediate(() => {
        this.#process.stdin.write(`${this.#asked}flush\n`);
        this.#asked = '';
      });
    }
    this.#asked += line;
  }

  /** A tree's entries in git's order. @throws MizerError `E_OBJECT_MISSING`, `E_GIT` */
  async tree(oid: string): Promise<TreeEntry[]> {
    return parseTree((await this.#need(oid, 'tree')).content, oid.length / 2);
  }

  /** The tree of a commit. @throws MizerError `E_OBJECT_MISSING`, `E_GIT` */
  async treeOf(commit: string): Promise<string> {
    const { content } = await this.#need(commit, 'commit');
    return content.toString('latin1', 'tree '.length, content.indexOf(10));
  }

  /** A blob's bytes. @throws MizerError `E_OBJECT_MISSING`, `E_GIT` */
  async blob(oid: string): Promise<Buffer> {
    return (await this.#need(oid, 'blob')).content;
  }

  /** Ends the process; questions that are open fail. */
  close(): void {
    this.#process.stdin.end();
    this.#process.kill();
    this.#end();
  }

  async #need(oid: string, type: GitObject['type']): Promise<GitObject> {
    // A name that is no whole id could stand for anything, and one with a line feed would be two questions.
    const object = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(oid) ? await this.object(oid) : undefined;
    if (object?.type === type) return object;
    throw new MizerError('E_OBJECT_MISSING', `The repository has no ${type} ${JSON.stringify(oid).slice(1, -1)}.`, {
      group: 'failed',
      hint: 'Run `git fsck` in the repository.',
      data: { oid },
    });
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return;
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    this.#wanted = 1;
    for (;;) {
      const used = this.#answer(rest);
      if (used === 0) break;
      rest = rest.subarray(used);
    }
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
  }

  /** Hands the first answer in `bytes` to who asked. @returns its length; 0 while it is not whole */
  #answer(bytes: Buffer): number {
    const line = bytes.indexOf(10);
    if (line < 0) return 0;
    const header = bytes.toString('latin1', 0, line);
    const [, oid = '', type = '', size = ''] = /^([0-9a-f]+) (commit|tree|blob|tag) (\d+)$/.exec(header) ?? [];
    if (oid === '') {
      this.#questions.shift()?.resolve(undefined);
      return line + 1;
    }
    const end = line + 1 + Number(size);
    if (bytes.length < end + 1) {
      this.#wanted = end + 1;
      return 0;
    }
    const content = Buffer.from(bytes.subarray(line + 1, end));
    this.#questions.shift()?.resolve({ oid, type: type as GitObject['type'], content });
    return end + 1;
  }

  #end(): void {
    this.#ended ??= new MizerError('E_GIT', 'git cat-file has ended: the repository cannot be read.', {
      group: 'failed',
      hint: 'Run `git fsck` in the repository.',
    });
    for (const question of this.#questions.splice(0)) question.reject(this.#ended);
  }
}

/** The entries of a tree object; `idLength`: how many bytes an object id has, 20 (SHA-1) or 32 (SHA-256). */
export function parseTree(content: Buffer, idLength = 20): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const end = content.indexOf(0, space);
    const mode = content.toString('latin1', at, space).padStart(6, '0') as TreeEntry['mode'];
    const name = content.toString('latin1', space + 1, end);
    entries.push({ name, mode, oid: content.toString('hex', end + 1, end + 1 + idLength) });
    at = end + 1 + idLength;
  }
  return entries;
}
