import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { protocolVersion } from '../../src/protocol/messages.js';

/** Each version with the shape its messages have. A shape may change only together with the version, once that has been released. */
const shapes: Readonly<Record<number, string>> = {
  1: '4e8a74471754c46a',
};

it('the messages have the shape that belongs to the protocol version', () => {
  const declarations = ['protocol/messages', 'model/change-set', 'model/entry'].map((file) => {
    const text = fs.readFileSync(new URL(`../../src/${file}.ts`, import.meta.url), 'utf8');
    return text
      .replace(/\/\*[^]*?\*\/|\/\/.*/g, '')
      .replace(/\s+/g, ' ')
      .trim();
  });
  const shape = createHash('sha256').update(declarations.join('\n')).digest('hex').slice(0, 16);
  expect(shape, 'a changed message needs another protocolVersion (and its shape here)').toBe(shapes[protocolVersion]);
});
