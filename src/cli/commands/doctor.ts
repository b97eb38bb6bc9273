import { declare } from '../declaration.js';

export const doctor = declare({
  name: 'doctor',
  summary: 'what this machine can do, what it lacks, and how to allow it',
  group: 'set',
  description: [
    'Tries each thing that contexts need, and prints for each that is missing why it matters and what allows it.',
  ],
  positionals: {},
  options: {},
  examples: [{ line: 'mzr doctor', says: 'check this machine and this work tree' }],
  exits: { '1': 'something that contexts need is missing' },
  load: async () => (await import('../actions/doctor.js')).doctor,
});
