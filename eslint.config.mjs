import js from '@eslint/js';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

/**
 * The rooms of src/, and into which of the others each may look. Every arrow points down this list, so there is no cycle;
 * bin/ and compose.ts are on top of everything. docs/architecture.md says what is in each room.
 */
const ROOMS = {
  check: ['waiting-page', 'command-line', 'manifests', 'config', 'core'],
  scaler: ['command-line', 'tracing', 'adapters', 'config', 'core'],
  doctor: ['command-line', 'manifests', 'rpc', 'adapters', 'config', 'core'],
  server: ['status', 'rpc', 'kong', 'core'],
  status: ['command-line', 'adapters', 'core'],
  rpc: ['kong', 'core'],
  access: ['waiting-page', 'activation', 'kong', 'adapters', 'core'],
  kong: ['config', 'core'],
  'waiting-page': ['core'],
  activation: ['core'],
  adapters: ['core'],
  tracing: ['core'],
  kubernetes: ['core'],
  manifests: ['config', 'core'],
  config: ['core'],
  'command-line': [],
  core: [],
};

function axiosOutside(room) {
  return [{ name: 'axios', message: `src/${room} does not talk HTTP: src/adapters/http-client.ts does.` }];
}

function openTelemetryOutside(room) {
  if (room === 'tracing') return [];
  return [{ regex: '^@opentelemetry/', message: `src/${room} knows no OpenTelemetry: src/tracing does.` }];
}

function otherRooms(room) {
  const allowed = ROOMS[room].map((name) => `${name}/`).join('|');
  // Own files are ./x or ../x below the room; another room is reached by its name after the last `../`.
  const names = [...Object.keys(ROOMS), 'bin', 'compose'].filter((name) => name !== room).join('|');
  const forbidden = allowed === '' ? `^(\\.\\./)+(${names})(/|$)` : `^(\\.\\./)+(?!${allowed})(${names})(/|$)`;
  return [
    {
      regex: forbidden,
      message: `src/${room} imports ${ROOMS[room].join(', ') || 'no other room'}: see ROOMS in eslint.config.mjs.`,
    },
    ...openTelemetryOutside(room),
  ];
}

/** One dialect: what is private is `#private`. A constructor, which cannot be, is the exception. */
const NOT_PRIVATE = [
  ':matches(PropertyDefinition, TSParameterProperty)[accessibility=/private|protected/]',
  "MethodDefinition[kind!='constructor'][accessibility=/private|protected/]",
].map((selector) => ({ selector, message: 'Write #name for what is private.' }));

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'charts/**/templates/', '**/*.d.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-console': 'error',
      eqeqeq: 'error',
      'no-restricted-syntax': ['error', ...NOT_PRIVATE],
    },
  },
  ...Object.keys(ROOMS).map((room) => ({
    files: [`src/${room}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { paths: axiosOutside(room), patterns: otherRooms(room) }] },
  })),
  { files: ['src/adapters/http-client.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['src/**/*.ts'],
    rules: {
      // A file that outgrows its name is split; so is a function that decides more than one thing.
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60 }],
    },
  },
  {
    // The core is pure. It knows no clock, no chance, no environment.
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...[
          'setTimeout',
          'setInterval',
          'setImmediate',
          'clearTimeout',
          'clearInterval',
          'process',
          'performance',
          'fetch',
          'queueMicrotask',
          'console',
          'require',
        ].map((name) => ({ name, message: 'src/core is pure: pass it in.' })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'src/core is pure: time comes with the event.' },
        { object: 'Math', property: 'random', message: 'src/core is pure: chance comes with the event.' },
      ],
      'no-restricted-syntax': [
        'error',
        ...NOT_PRIVATE,
        { selector: "NewExpression[callee.name='Date']", message: 'src/core is pure: time comes with the event.' },
      ],
    },
  },
  {
    // The demo runs the product as a user does; of its sources it shares how manifests and command lines are read,
    // and KEDA's contract with the scaler, whose other side it plays.
    files: ['demo/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '(^|/)test/', message: 'Only tests import test/.' },
            {
              regex: '^(\\.\\./)+src/(?!manifests/|command-line/|scaler/(?:contract|trigger)$)',
              message: 'Of src, demo imports manifests, command-line, and the contract of the scaler.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['real-parts/**/*.ts', 'sample/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(\\.\\./)+(src|demo|test)/',
              message: 'This room stands alone: it imports nothing of the product.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect*', 'fc.assert', 'assert*'] }],
      'jest/no-standalone-expect': 'off',
      'jest/no-conditional-expect': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        module: 'writable',
        require: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        __dirname: 'readonly',
        btoa: 'readonly',
        fetch: 'readonly',
        AbortSignal: 'readonly',
      },
    },
  },
);
