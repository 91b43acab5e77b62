/** Which lib may import which: docs/DESIGN.md, "The house". */
const mayImport = {
  runtime: [],
  protocol: [],
  broker: ['protocol', 'runtime'],
  keyring: ['runtime'],
  serde: ['keyring'],
  kafka: ['protocol', 'serde', 'keyring', 'runtime'],
  privacy: ['keyring', 'serde', 'kafka', 'runtime'],
  'event-sourcing': ['serde', 'keyring', 'runtime'],
  persistence: ['event-sourcing', 'privacy', 'runtime'],
  nest: ['runtime', 'keyring', 'serde', 'kafka', 'privacy', 'event-sourcing', 'persistence'],
};

/** What a lib may import, and all that these may. */
function closure(lib, seen = new Set()) {
  for (const other of mayImport[lib]) if (!seen.has(other)) closure(other, seen.add(other));
  return [...seen];
}

function houseRule(name, part, lib, others) {
  return {
    name,
    comment: `${lib}${part === 'test' ? "'s tests" : ''} may import ${others.join(', ') || 'no other lib'}.`,
    severity: 'error',
    from: { path: `^libs/${lib}/${part}/` },
    to: { path: '^(libs|apps)/', pathNot: [lib, ...others].map((l) => `^libs/${l}/`) },
  };
}

// Tests may also stand on what lies below, for their fixtures. So nobody but `testing` and apps imports `testing`.
const houseRules = Object.keys(mayImport).flatMap((lib) => [
  houseRule(`house-${lib}`, 'src', lib, mayImport[lib]),
  houseRule(`house-${lib}-tests`, 'test', lib, closure(lib)),
]);

module.exports = {
  forbidden: [
    ...houseRules,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'front-door-only',
      comment: 'A lib or app is imported through its index.ts, a lib also through its testing door.',
      severity: 'error',
      from: { path: '^((libs|apps|examples)/[^/]+)/' },
      to: {
        path: '^(libs|apps|examples)/',
        pathNot: [
          '^$1/',
          '^(libs|apps)/[^/]+/(dist/)?src/index\\.(ts|js|d\\.ts)$',
          '^libs/[^/]+/(dist/)?src/testing/index\\.(ts|js|d\\.ts)$',
        ],
      },
    },
    {
      name: 'testing-door-for-tests',
      comment: 'Simulated twins are for tests.',
      severity: 'error',
      from: { path: '^(libs|apps)/[^/]+/src/', pathNot: ['/src/testing/', '^libs/testing/'] },
      to: { path: '^libs/[^/]+/(dist/)?src/testing/' },
    },
    {
      name: 'only-apps-import-the-broker',
      severity: 'error',
      from: { path: '^(libs|examples)/', pathNot: ['^libs/broker/', '^libs/testing/'] },
      to: { path: '^libs/broker/' },
    },
    {
      name: 'no-nest-or-typeorm-below',
      severity: 'error',
      from: { path: '^libs/(runtime|protocol|broker|keyring|serde|kafka|privacy|event-sourcing)/' },
      to: { path: 'node_modules/(@nestjs|typeorm)/' },
    },
    {
      name: 'no-nest-in-persistence',
      severity: 'error',
      from: { path: '^libs/persistence/' },
      to: { path: 'node_modules/@nestjs/' },
    },
    {
      name: 'disk-only-in-runtime',
      severity: 'error',
      from: {
        path: '^libs/[^/]+/src/',
        pathNot: ['^libs/runtime/src/', '^libs/testing/src/', '/src/testing/'],
      },
      to: { path: '^(node:)?fs(/promises)?$' },
    },
    {
      name: 'nothing-unresolved',
      comment: 'No such file, or a path past the door (exports) of a package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { path: '^(libs|apps)/[^/]+/src/' },
      // What stands in peerDependenciesMeta counts as npm-no-pkg too; an optional peer is declared all the same.
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: ['(^|/)dist/test/'] },
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'default'] },
  },
};
