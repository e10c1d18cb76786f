// Biome formats and lints. Here are only the rules that need types.
import tseslint from 'typescript-eslint';

export default tseslint.config({
  files: ['lib/src/**/*.ts', 'kernel-ext/src/**/*.ts'],
  ignores: ['**/dist/**', '**/build/**'],
  plugins: { '@typescript-eslint': tseslint.plugin },
  languageOptions: {
    parser: tseslint.parser,
    parserOptions: { projectService: true, tsconfigRootDir: new URL('..', import.meta.url).pathname },
  },
  linterOptions: { reportUnusedDisableDirectives: 'off' },
  rules: {
    // node:test waits for its own tests.
    '@typescript-eslint/no-floating-promises': [
      'error',
      {
        allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['after', 'before', 'describe', 'it', 'test'] }],
      },
    ],
    '@typescript-eslint/no-misused-promises': 'error',
    '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  },
});
