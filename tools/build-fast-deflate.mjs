// Compiles src/formats/compression/fast-deflate*.as to WebAssembly and writes it as fast-deflate-module.ts. Run it after a
// change of the sources: `node tools/build-fast-deflate.mjs`. The compiler is fetched by npx for this one run: it is 100 MB,
// and nobody who does not change these files needs it.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const compiler = 'assemblyscript@0.28.20'
const room = fileURLToPath(new URL('../src/formats/compression/', import.meta.url))

const digest = createHash('sha256')
const directory = mkdtempSync(join(tmpdir(), 'fast-deflate-'))
for (const name of globSync('fast-deflate*.as', { cwd: room }).toSorted()) {
  const source = readFileSync(join(room, name))
  digest.update(source)
  writeFileSync(join(directory, `${basename(name, '.as')}.ts`), source)
}
const flags = ['-O3', '--runtime', 'stub', '--noAssert', '--initialMemory', '48', '--use', 'abort=']
const command = ['--yes', `--package=${compiler}`, '--', 'asc', 'fast-deflate.ts', '-o', 'fast-deflate.wasm', ...flags]
execFileSync('npx', command, { cwd: directory, stdio: 'inherit' })
const module = readFileSync(join(directory, 'fast-deflate.wasm'))
rmSync(directory, { recursive: true })

const lines = module.toString('base64').match(/.{1,110}/g) ?? []
writeFileSync(
  join(room, 'fast-deflate-module.ts'),
  `// Made of fast-deflate*.as by tools/build-fast-deflate.mjs with ${compiler}. Do not edit.

/** Of the sources that this was made of. */
export const fastDeflateSourceDigest = '${digest.digest('hex')}'

export const fastDeflateModule = [
${lines.map((line) => `  '${line}',\n`).join('')}].join('')
`,
)
console.log(`${module.byteLength} bytes`)
