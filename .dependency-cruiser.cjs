// The rooms of src/, from top to bottom: an import may only go down this list (docs/architecture.md).
const rooms = [
  'cli',
  'dashboard',
  'controller',
  'cluster',
  'simulation',
  'gitops',
  'notifications',
  'rollouts',
  'experiments',
  'analysis',
  'traffic',
  'kube',
  'api',
];

const upward = rooms.slice(1).map((room, i) => ({
  name: `${room}-imports-only-downwards`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: `^src/(${rooms.slice(0, i + 1).join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'rooms-are-entered-by-their-door',
      comment: 'Another room is imported through its index.ts (or the index.ts of a sub-folder) only.',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/([^/]+)/', pathNot: ['^src/$1/', '/index\\.ts$'] },
    },
    {
      name: 'decide-is-pure',
      comment: 'These rooms do no I/O: no node: module, no network client.',
      severity: 'error',
      from: {
        path: '^src/(rollouts|experiments|traffic|simulation|analysis/(?!providers/))',
        pathNot: '\\.test\\.ts$',
      },
      to: { dependencyTypes: ['core'], pathNot: '^(util|node:util)$' },
    },
    {
      name: 'kanari-does-not-know-the-embedded-cluster',
      comment: 'The controller is a client of any API server.',
      severity: 'error',
      from: { path: '^src/(controller|dashboard|kube|gitops)/' },
      to: { path: '^src/cluster/' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
