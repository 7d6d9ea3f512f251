// How the app is built, served while developing, and tested.

import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { precompress } from './tools/precompress.mjs';
import { stamp } from './tools/stamp.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env.GANTRY_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: '/app/',
  plugins: [react(), precompress(), stamp()],
  resolve: {
    alias: {
      // @rjsf/core imports this package from a file that is only for its tests; ours needs no eval.
      '@rjsf/validator-ajv8': here('./src/form/validator.ts'),
    },
  },
  build: {
    target: 'es2022',
    sourcemap: false,
    chunkSizeWarningLimit: 800,
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(
      ['/api', '/sign-in', '/register', '/problems', '/assets'].map((path) => [path, server]),
    ),
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['./test/setup.ts'],
    server: { deps: { inline: [/@rjsf\//] } },
    testTimeout: 20_000,
  },
});
