import type { Policy } from '../../observe/policy.js';
import type { ValueType } from '../declaration.js';
import { choice } from './types.js';

export const policyName: ValueType<Policy> = choice('POLICY', [
  'enter-subdirs',
  'bundle-subdirs',
  'ignore-subdirs',
  'ignore-most',
]);
