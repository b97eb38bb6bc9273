import type { Vector, Version } from './ids.js';

/** @throws LiveError ARGUMENT_INVALID */
export declare function encodeVersion(version: Version): Uint8Array;
/** @throws LiveError ARGUMENT_INVALID */
export declare function decodeVersion(bytes: Uint8Array): Version;
/** Takes both forms. @throws LiveError ARGUMENT_INVALID */
export declare function toVersion(version: Version | Uint8Array): Version;
/** Whether `a` has all of `b`. */
export declare function covers(a: Vector, b: Vector): boolean;
export declare function sameVector(a: Vector, b: Vector): boolean;
export declare function sameVersion(a: Version, b: Version): boolean;
/** What either has. */
export declare function union(a: Vector, b: Vector): Vector;
/** What both have. */
export declare function intersection(a: Vector, b: Vector): Vector;
/** What `a` has beyond `b`: of each replica the seqs after `after` up to `upTo`; ordered by replica. */
export declare function beyond(
  a: Vector,
  b: Vector,
): { readonly replica: number; readonly after: number; readonly upTo: number }[];
