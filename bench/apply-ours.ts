// One layer into a new store, in a process of its own: node apply-ours.js BLOB DRIVER DURABILITY DIRECTORY. What is timed is what
// a user of the library calls: open the store, import the layer. Prints what it took as JSON.
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { importLayer, shutdown } from '#store'
import { openStore } from '#wiring'

const [path = '', driver = '', durability, directory = ''] = process.argv.slice(2)
if (durability !== 'full' && durability !== 'none') throw new Error(`durability: ${durability}`)
mkdirSync(directory)

const before = performance.now()
const store = await openStore({
  graphRoot: join(directory, 'root'),
  runRoot: join(directory, 'run'),
  driver,
  durability,
})
const layer = await importLayer(store, { blob: { kind: 'file', path } })
const milliseconds = performance.now() - before
const cpu = process.resourceUsage()
const peak = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
console.log(
  JSON.stringify({
    milliseconds,
    cpuMilliseconds: (cpu.userCPUTime + cpu.systemCPUTime) / 1000,
    peakBytes: Number(peak) * 1024,
    diffId: layer.diffId,
  }),
)
await shutdown(store)
