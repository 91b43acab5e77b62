import tseslint from 'typescript-eslint';

const clockAndChance = [
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'Take the time from a Clock (@oubliette/runtime).',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Take the time from a Clock (@oubliette/runtime).',
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'Take randomness from Entropy (@oubliette/runtime).',
  },
  {
    selector: 'MemberExpression[object.name=/^(performance|process)$/][property.name=/^(now|hrtime)$/]',
    message: 'Take the time from a Clock (@oubliette/runtime).',
  },
  {
    selector: "MemberExpression[object.name='crypto'][property.name=/^(getRandomValues|randomUUID)$/]",
    message: 'Take randomness from Entropy (@oubliette/runtime).',
  },
  {
    selector: 'CallExpression[callee.name=/^(setTimeout|setInterval)$/]',
    message: 'Schedule on a Clock (@oubliette/runtime).',
  },
  {
    selector: "MemberExpression[object.name='globalThis']",
    message: 'Name the global itself, so that it is seen whether a port should be used in its place.',
  },
];
const doorsOutside = {
  paths: [
    ...['timers', 'timers/promises', 'perf_hooks'].flatMap((name) =>
      [name, `node:${name}`].map((module) => ({
        name: module,
        message: 'Schedule on a Clock (@oubliette/runtime).',
      })),
    ),
    ...['crypto', 'node:crypto'].map((name) => ({
      name,
      importNames: [
        'randomBytes',
        'randomFill',
        'randomFillSync',
        'randomInt',
        'randomUUID',
        'getRandomValues',
        'webcrypto',
      ],
      message: 'Take randomness from Entropy (@oubliette/runtime).',
    })),
  ],
};
// kafkajs's alterConfigs replaces every setting that it is not given: on a compacted topic that turns
// cleanup.policy back to delete and shreds every key (docs/decisions/0005-direct-client.md).
const alterConfigs = {
  selector: "CallExpression[callee.property.name='alterConfigs']",
  message:
    "Use the direct client's incrementalAlterConfigs: kafkajs's alterConfigs resets all other settings.",
};
const noProcessExit = {
  selector: "CallExpression[callee.object.name='process'][callee.property.name='exit']",
  message: 'A lib never ends the process.',
};

const unusedVars = ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }];

export default tseslint.config(
  { ignores: ['**/dist/**', 'node_modules/**', '**/fixtures/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['{libs,apps,examples,bench}/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': unusedVars,
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-console': 'error',
      'no-empty': 'error',
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: ['**/*.mjs'], rules: { '@typescript-eslint/no-unused-vars': unusedVars } },
  // Nest reads constructor types at run time: a type-only import there would inject undefined.
  {
    files: ['{libs/nest,apps/sample,examples}/**/*.ts'],
    rules: {
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
    },
  },
  {
    files: ['libs/*/src/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...clockAndChance, alterConfigs, noProcessExit],
      'no-restricted-imports': ['error', doorsOutside],
    },
  },
  {
    files: ['apps/*/src/**/*.ts', 'examples/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...clockAndChance, alterConfigs],
      'no-restricted-imports': ['error', doorsOutside],
    },
  },
  {
    files: ['libs/runtime/src/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', noProcessExit], 'no-restricted-imports': 'off' },
  },
  {
    files: ['apps/{cli,broker,sample}/src/**/*.ts', 'bench/**/*.ts', '**/test/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/test/**/*.ts', 'libs/*/src/testing/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' },
  },
);
