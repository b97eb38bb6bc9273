import { fileURLToPath } from 'node:url';
import type { ApplyRequest } from '../../src/contexts/apply.js';

const built = fileURLToPath(new URL('../../dist/contexts/apply.js', import.meta.url));

/**
 * Arguments for node that apply `request` in a process of its own. It prints a line before it begins, and at the end the outcome as JSON,
 * or `{"code": …}` of the error.
 */
export function applyChild(request: ApplyRequest): string[] {
  const script = `
    const { apply } = await import(${JSON.stringify(built)});
    process.stdout.write('begins\\n');
    const outcome = await apply(${JSON.stringify(request)}).catch(({ code, message }) => ({ code, message }));
    process.stdout.write(JSON.stringify(outcome));`;
  return ['--input-type=module', '--eval', script];
}
