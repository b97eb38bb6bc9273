#!/usr/bin/env node
// Runs the bundle from the code that V8 made of it at the build (scripts/bundle.js): to compile it anew is a third of what a command takes
// to start. V8 itself refuses code of another version or other flags, and compiles the source then.
const { readFileSync } = require('node:fs');
const { createRequire, wrap } = require('node:module');
const { dirname } = require('node:path');
const { Script } = require('node:vm');

const filename = require.resolve('../dist/bundle/main.cjs');
// The bundle is ASCII.
const source = readFileSync(filename, 'latin1');
const script = new Script(wrap(source), { filename, cachedData: codeOf(source) });
script.runInThisContext()({}, createRequire(filename), {}, filename, dirname(filename));

/** V8 compares lengths only: both files begin with the hash of the bundle. */
function codeOf(text) {
  try {
    const code = readFileSync(`${filename}.code`);
    const hash = text.slice(0, text.indexOf('\n') + 1);
    return code.toString('latin1', 0, hash.length) === hash ? code.subarray(hash.length) : undefined;
  } catch {
    return undefined;
  }
}
