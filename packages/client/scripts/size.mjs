// Fails when the core, as an application's bundler would ship it (minified, gzip -9), outgrows its budget.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const BUDGET = 6144; // bytes

const { outputFiles } = await build({
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  entryPoints: ['src/index.ts'],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  write: false,
  legalComments: 'none',
});
const code = outputFiles[0].contents;
const size = gzipSync(code, { level: 9 }).length;
console.log(`@tidings/client: ${code.length} bytes minified, ${size} bytes gzip, budget ${BUDGET}`);
if (size > BUDGET) {
  console.error(`over budget by ${size - BUDGET} bytes`);
  process.exit(1);
}
