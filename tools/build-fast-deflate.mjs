// Compiles src/formats/compression/fast-deflate.as to WebAssembly and writes it as fast-deflate-module.ts. Run it after a
// change of the source: `node tools/build-fast-deflate.mjs`. The compiler is fetched by npx for this one run: it is 100 MB,
// and nobody who does not change this one file needs it.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const compiler = 'assemblyscript@0.28.20'
const room = new URL('../src/formats/compression/', import.meta.url)
const source = new URL('fast-deflate.as', room)

const directory = mkdtempSync(join(tmpdir(), 'fast-deflate-'))
copyFileSync(source, join(directory, 'fast-deflate.ts'))
const flags = ['-O3', '--runtime', 'stub', '--noAssert', '--initialMemory', '48', '--use', 'abort=']
execFileSync(
  'npx',
  ['--yes', `--package=${compiler}`, '--', 'asc', 'fast-deflate.ts', '-o', 'fast-deflate.wasm', ...flags],
  {
    cwd: directory,
    stdio: 'inherit',
  },
)
const module = readFileSync(join(directory, 'fast-deflate.wasm'))
rmSync(directory, { recursive: true })

const lines = module.toString('base64').match(/.{1,110}/g) ?? []
writeFileSync(
  new URL('fast-deflate-module.ts', room),
  `// Made of fast-deflate.as by tools/build-fast-deflate.mjs with ${compiler}. Do not edit.

/** Of the source that this was made of. */
export const fastDeflateSourceDigest = '${createHash('sha256').update(readFileSync(source)).digest('hex')}'

export const fastDeflateModule = [
${lines.map((line) => `  '${line}',\n`).join('')}].join('')
`,
)
console.log(`${module.byteLength} bytes`)
