import { gitDirectory } from '../git/repository.js';
import { ObjectReader } from '../git/tree-reader.js';
import { nameFromBytes } from '../live/names.js';
import type { GitEntry, GitProvider } from '../live/provider.js';
import { MizerError } from '../model/errors.js';
import { toBytes } from '../model/tree-path.js';

/** A repository on this machine, as a work tree of `mizer/live` asks for it. */
export interface RepositoryProvider extends GitProvider {
  /** Ends the git process, which otherwise lives as long as this one. Questions that are open are rejected; a later one starts another. */
  close(): void;
}

/**
 * The objects of the repository, bare or not, that holds `directory`. They are read through one long-lived git, which runs no program that the repository
 * names and writes nothing. Names that are not UTF-8 are given as `mizer/live` wants them. An object that is missing (not fetched yet, say) rejects with
 * MizerError `E_OBJECT_MISSING`, a repository that cannot be read with `E_GIT`; both can be asked again.
 * @throws MizerError `E_REPOSITORY_NONE`, `E_REPOSITORY_UNREADABLE`, `E_GIT_MISSING`, and `E_REPOSITORY_FOREIGN` when it is another user's, unless git's `safe.directory` names it
 */
export async function gitProvider(directory: string): Promise<RepositoryProvider> {
  const gitDir = await gitDirectory(directory);
  if (gitDir === undefined) {
    throw new MizerError('E_REPOSITORY_NONE', `${directory} is in no git repository.`, {
      hint: 'Make one with `git init`, or name a directory inside of one.',
    });
  }
  return new ReaderProvider(gitDir);
}

class ReaderProvider implements RepositoryProvider {
  readonly #gitDir: string;
  #reader: ObjectReader | undefined;

  constructor(gitDir: string) {
    this.#gitDir = gitDir;
  }

  treeOf(commit: string): Promise<string> {
    return this.#ask((reader) => reader.treeOf(commit));
  }

  async tree(oid: string): Promise<readonly GitEntry[]> {
    const entries = await this.#ask((reader) => reader.tree(oid));
    return entries.map(({ name, mode, oid }) => ({
      name: nameFromBytes(toBytes(name)),
      mode: Number.parseInt(mode, 8),
      oid,
    }));
  }

  blob(oid: string): Promise<Uint8Array> {
    return this.#ask((reader) => reader.blob(oid));
  }

  close(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  async #ask<T>(question: (reader: ObjectReader) => Promise<T>): Promise<T> {
    const reader = (this.#reader ??= ObjectReader.open(this.#gitDir));
    try {
      return await question(reader);
    } catch (error) {
      // A git that has ended answers nobody any more.
      if (error instanceof MizerError && error.code === 'E_GIT' && this.#reader === reader) this.#reader = undefined;
      throw error;
    }
  }
}
