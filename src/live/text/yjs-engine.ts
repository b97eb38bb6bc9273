import type { TextEngine } from './engine.js';

/** Texts over Yjs. */
export declare const yjsEngine: TextEngine;
