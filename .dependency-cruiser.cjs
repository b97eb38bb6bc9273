// The rooms of src/ and what each may import (docs/architecture.md says why). The compiler's project references say the
// same; this rule also covers what references cannot see: Node modules and packages.
const may = {
  model: [],
  live: ['model'],
  linux: ['model'],
  disk: ['model', 'linux'],
  git: ['model', 'disk'],
  library: ['model', 'git', 'live'],
  contexts: ['model', 'linux', 'disk', 'git'],
  observe: ['model', 'linux', 'disk', 'git'],
  protocol: ['model'],
  daemon: ['model', 'linux', 'disk', 'git', 'contexts', 'protocol'],
  doctor: ['model', 'linux'],
  cli: ['model', 'linux', 'protocol', 'doctor', 'observe'],
};

const directions = Object.entries(may).map(([room, allowed]) => ({
  name: `${room}-imports-only-${allowed.length === 0 ? 'itself' : allowed.join('-')}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...directions,
    {
      name: 'model-is-pure',
      comment: 'model is data and functions of data: no Node module, no package.',
      severity: 'error',
      from: { path: '^src/model/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'] },
    },
    {
      name: 'live-runs-anywhere',
      comment:
        'live is loaded by browsers as it is: no Node module, and of packages the text engine and the hashes alone.',
      severity: 'error',
      from: { path: '^src/live/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'], pathNot: '^node_modules/(yjs|@noble/hashes)/' },
    },
    {
      name: 'only-linux-calls-the-kernel',
      comment: 'The foreign function interface is the kernel door; ask for a function in src/linux instead.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/linux/' },
      to: { path: 'node_modules/koffi' },
    },
    {
      name: 'no-circular',
      comment:
        'A command names its code by a dynamic import, and help reads all commands: that circle is never walked at a start.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['dynamic-import'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
