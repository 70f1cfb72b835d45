// Runs every benchmark, one after the other, and writes bench/RESULTS.md: npm run bench [-- NAME…]
// Nothing else should run on the machine meanwhile. Each compares with its peer in turns and quotes medians.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { ensureTools, imageBuilders, peers, testTools } from '../tools/debian-packages.ts'

const all = ['start', 'apply', 'pull', 'save'] as const
const chosen = process.argv.length > 2 ? process.argv.slice(2) : [...all]

ensureTools([...peers, ...imageBuilders, ...testTools])
const results = chosen.map((name) => {
  console.error(`${name} …`)
  const { status, stdout } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`${name} failed`)
  return `## bench/${name}\n${stdout.trimEnd()}\n`
})

const [{ model } = { model: 'unknown' }] = cpus()
const distribution = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown'
const machine = [
  `${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  `Linux ${release()}, ${distribution}, Node.js ${process.version}`,
  new Date().toISOString().slice(0, 10),
]
const head = `# Results

Measured side by side in one run with the programs of Debian, in turns; medians. Ratios carry over to other machines, seconds do not.
Run again with \`npm run bench\`.

${machine.map((line) => `- ${line}`).join('\n')}
`
if (chosen.length === all.length)
  writeFileSync(join(import.meta.dirname, 'RESULTS.md'), `${head}\n${results.join('\n')}`)
console.log(results.join('\n'))
