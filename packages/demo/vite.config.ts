import { fileURLToPath } from 'node:url';
import { defineConfig, type UserConfig } from 'vite';

/** For `npm run dev`: where a `tidings dev` listens. */
const server = process.env.TIDINGS_URL ?? 'http://127.0.0.1:8000';
const toServer = { target: server, changeOrigin: true, headers: { origin: server }, ws: true };

const config: UserConfig = defineConfig({
  // The client's source, so that this page never shows an older build of it.
  resolve: {
    alias: { '@tidings/client': fileURLToPath(new URL('../client/src/index.ts', import.meta.url)) },
  },
  server: { proxy: { '/v1': toServer, '/demo/session': toServer } },
  build: {
    target: 'es2022',
    // The server's policy allows files only, nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});

export default config;
