// One unpacking in a process of its own: node apply-ours.js BLOB SEMANTICS DIRECTORY. Prints what it took as JSON.
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { unpack } from '#parts/unpack'

const [path = '', semantics, directory = ''] = process.argv.slice(2)
if (semantics !== 'overlay' && semantics !== 'unpack-layer') throw new Error(`semantics: ${semantics}`)
mkdirSync(directory)
const root = join(directory, 'root')
mkdirSync(root)

const before = performance.now()
const unpacked = await unpack(
  { kind: 'file', path },
  { directory: root, semantics },
  { tarSplitPath: join(directory, 'tar-split.gz') },
)
const milliseconds = performance.now() - before
const cpu = process.resourceUsage()
const peak = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
console.log(
  JSON.stringify({
    milliseconds,
    cpuMilliseconds: (cpu.userCPUTime + cpu.systemCPUTime) / 1000,
    peakBytes: Number(peak) * 1024,
    diffId: unpacked.diffId,
  }),
)
