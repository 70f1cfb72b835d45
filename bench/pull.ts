// How fast an image of eight gzip layers (about 500 MB) comes into an empty overlay store, beside skopeo:
//   node bench/pull.ts [--rounds N] [--image eight] [--scratch DIRECTORY]
// Prints a table in Markdown. Stores are removed after all rounds: ext4 is slow for minutes after a big removal.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fixture, type FixtureName } from '../test/fixtures/fixture.ts'
import { builtShale, inTurns, measured, type Side, table } from './pull-sides.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    image: { type: 'string', default: 'eight' },
    scratch: { type: 'string', default: tmpdir() },
  },
})
const { source } = await fixture(values.image as FixtureName)
const program = builtShale()
const sides: readonly Side[] = [shale('none'), shale('full'), skopeo()]
const scratch = mkdtempSync(join(values.scratch, 'shale-bench-pull-'))
try {
  const runs = await inTurns(sides, Number(values.rounds), scratch)
  console.log(`\nPull of ${values.image}, ${values.rounds} rounds, Node.js ${process.version}\n\n${table(runs)}`)
} finally {
  for (const store of readdirSync(scratch)) {
    spawnSync('umount', ['-l', join(scratch, store, 'G/overlay')], { stdio: 'ignore' })
  }
  rmSync(scratch, { recursive: true, force: true })
}

function shale(durability: 'none' | 'full'): Side {
  return {
    name: `shale pull --durability ${durability}`,
    run: async (directory) => {
      const store = ['--root', join(directory, 'G'), '--runroot', join(directory, 'R'), '--storage-driver', 'overlay']
      const words = ['--quiet', '--durability', durability, 'pull', source, '--name', 'bench']
      return await measured(process.execPath, [program, ...store, ...words])
    },
  }
}

function skopeo(): Side {
  return {
    name: 'skopeo copy',
    run: async (directory) => {
      const store = `containers-storage:[overlay@${join(directory, 'G')}+${join(directory, 'R')}]localhost/bench:latest`
      return await measured('skopeo', ['copy', '--quiet', '--insecure-policy', source, store])
    },
  }
}
