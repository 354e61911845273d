// Fails when what a browser loads for the page (gzip -9) outgrows its budget.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const BUDGET = 61_440; // bytes

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
const sizes = files.map(
  (file) => gzipSync(readFileSync(join(file.parentPath, file.name)), { level: 9 }).length,
);
const total = sizes.reduce((sum, size) => sum + size, 0);
console.log(`@tidings/demo: ${total} bytes gzip in ${files.length} files, budget ${BUDGET}`);
if (total > BUDGET) {
  console.error(`over budget by ${total - BUDGET} bytes`);
  process.exit(1);
}
