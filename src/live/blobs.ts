import { LiveError } from './errors.js';
import { objectId } from './git-object.js';
import type { Oid } from './ids.js';
import { need, shared } from './loading.js';
import type { GitProvider } from './provider.js';

/** The blobs that were needed: asked for once, or known because their bytes were committed from here. */
export class Blobs {
  readonly #provider: GitProvider;
  readonly #known = new Map<Oid, Uint8Array>();
  readonly #loading = new Map<Oid, Promise<void>>();

  constructor(provider: GitProvider) {
    this.#provider = provider;
  }

  /** @throws Missing */
  bytes(oid: Oid): Uint8Array {
    return need(this.#known.get(oid), () => shared(this.#loading, oid, () => this.#read(oid)));
  }

  /** Remembers bytes that a commit holds; returns their id, which has `oidLength` digits. */
  keep(bytes: Uint8Array, oidLength: number): Oid {
    const oid = objectId('blob', bytes, oidLength);
    this.#known.set(oid, bytes);
    return oid;
  }

  /** Lets go of all; what is needed again is asked for again. */
  forget(): void {
    this.#known.clear();
  }

  async #read(oid: Oid): Promise<void> {
    const bytes = await this.#provider.blob(oid);
    if (!(bytes instanceof Uint8Array) || objectId('blob', bytes, oid.length) !== oid) {
      throw new LiveError('PROVIDER', `What is given as blob ${oid} is another.`);
    }
    this.#known.set(oid, bytes);
  }
}
