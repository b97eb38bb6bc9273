import fs from 'node:fs';
import path from 'node:path';

/** Where ssh(1) begins to read. */
export interface SshConfiguration {
  readonly file: string;
  /** What names in it are relative to. */
  readonly directory: string;
  /** Whether ssh looks at the owner of the file itself, and not only of those it includes. */
  readonly isChecked: boolean;
}

/** A file that is to be seen in place of another. */
export interface Substitute {
  readonly source: string;
  readonly target: string;
}

/** Where ssh begins to read: the machine's file (that of some distributions is below `/usr/etc`), the user's own. */
export function sshConfigurations(home: string): readonly SshConfiguration[] {
  const ofMachine = (directory: string) => ({ file: `${directory}/ssh_config`, directory, isChecked: false });
  const own = path.join(home, '.ssh');
  return [ofMachine('/etc/ssh'), ofMachine('/usr/etc/ssh'), { file: `${own}/config`, directory: own, isChecked: true }];
}

/** The files whose owner ssh looks at, all `Include`s followed; real paths, each once. Not those that are not there or cannot be read. */
export function filesCheckedBySsh(configurations: readonly SshConfiguration[]): readonly string[] {
  const seen = new Set<string>();
  const checked = new Set<string>();
  const read = (file: string, directory: string, isChecked: boolean): void => {
    const content = contentOf(file);
    if (content === undefined) return;
    const real = fs.realpathSync(file);
    if (isChecked) checked.add(real);
    if (seen.has(real)) return;
    seen.add(real);
    for (const name of includesOf(content)) {
      for (const included of matching(path.resolve(directory, name))) read(included, directory, true);
    }
  };
  for (const { file, directory, isChecked } of configurations) read(file, directory, isChecked);
  return [...checked];
}

/**
 * Copies that ssh accepts of those `files` it would refuse in a user namespace: it wants what it includes to be the user's or root's, and there
 * root's files are nobody's ("Bad owner or permissions"). Who a file belongs to cannot be seen here, so only files from where none but root
 * can put them are copied, with the permission bits of group and others; whatever else ssh refuses outside it refuses inside too.
 * @param directory where the copies go; a copy is replaced in one step, so sessions that have the old one keep it
 */
export function sshSubstitutes(files: readonly string[], directory: string): readonly Substitute[] {
  const foreign = files.filter((file) => isOfTheMachine(file) && fs.statSync(file).uid !== process.getuid?.());
  if (foreign.length > 0) fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  return foreign.map((target) => ({ source: copyInto(directory, target), target }));
}

function isOfTheMachine(file: string): boolean {
  return ['/etc/', '/usr/', '/nix/store/'].some((place) => file.startsWith(place));
}

function copyInto(directory: string, file: string): string {
  const copy = path.join(directory, encodeURIComponent(file));
  const content = fs.readFileSync(file);
  // Not to be written: what is changed in a copy is lost.
  const mode = fs.statSync(file).mode & 0o577;
  const isCurrent = contentOf(copy)?.equals(content) === true && (fs.statSync(copy).mode & 0o777) === mode;
  if (isCurrent) return copy;
  const temporary = `${copy}.new`;
  fs.rmSync(temporary, { force: true });
  fs.writeFileSync(temporary, content);
  fs.chmodSync(temporary, mode);
  fs.renameSync(temporary, copy);
  return copy;
}

function contentOf(file: string): Buffer | undefined {
  try {
    // Reading a pipe would wait.
    return fs.statSync(file).isFile() ? fs.readFileSync(file) : undefined;
  } catch {
    return undefined;
  }
}

/** What the lines `Include NAME…` name, whether or not a `Host` or `Match` before them holds: ssh looks at all of the files. */
function includesOf(content: Buffer): string[] {
  return content
    .toString()
    .split('\n')
    .flatMap((line) => /^\s*include(?:\s+|\s*=\s*)(.*)$/i.exec(line)?.[1] ?? [])
    .flatMap((names) => [...names.matchAll(/"([^"]*)"|[^\s"]+/g)])
    .map((name) => (name[1] ?? name[0]).replace(/^~(?=\/)/, process.env['HOME'] ?? '~'));
}

/** The paths that a pattern with `*` and `?` in its last part names; glob(7) leaves out names that begin with a dot. */
function matching(pattern: string): string[] {
  const directory = path.dirname(pattern);
  const last = path.basename(pattern);
  if (!/[*?]/.test(last)) return [pattern];
  const literal = last.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  const wanted = new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`);
  return namesIn(directory)
    .filter((name) => !name.startsWith('.') && wanted.test(name))
    .map((name) => path.join(directory, name));
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}
