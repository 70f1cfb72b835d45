// How fast an image of eight gzip layers (about 500 MB) goes out of an overlay store to a layout, beside skopeo:
//   node bench/save.ts [--rounds N] [--image eight] [--compression gzip|zstd|none|keep] [--scratch DIRECTORY]
// Prints a table in Markdown. One store, filled by Shale, serves both sides.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fixture, type FixtureName } from '../test/fixtures/fixture.ts'
import { builtShale, inTurns, measured, type Side, table } from './pull-sides.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    image: { type: 'string', default: 'eight' },
    compression: { type: 'string', default: 'gzip' },
    scratch: { type: 'string', default: tmpdir() },
  },
})
const { source } = await fixture(values.image as FixtureName)
const program = builtShale()
const scratch = mkdtempSync(join(values.scratch, 'shale-bench-save-'))
const [root, runRoot] = [join(scratch, 'G'), join(scratch, 'R')]
const global = ['--root', root, '--runroot', runRoot, '--storage-driver', 'overlay', '--quiet']
try {
  await measured(process.execPath, [program, ...global, 'pull', source, '--name', 'bench'])
  const runs = await inTurns([shale('none'), shale('full'), skopeo()], Number(values.rounds), scratch)
  console.log(
    `\nSave of ${values.image} (${values.compression}), ${values.rounds} rounds, Node.js ${process.version}\n\n${table(runs)}`,
  )
} finally {
  spawnSync('umount', ['-l', join(root, 'overlay')], { stdio: 'ignore' })
  rmSync(scratch, { recursive: true, force: true })
}

function shale(durability: 'none' | 'full'): Side {
  return {
    name: `shale save --durability ${durability}`,
    run: async (directory) => {
      const words = ['--durability', durability, 'save', 'bench', `oci:${directory}:v1`]
      return await measured(process.execPath, [program, ...global, ...words, '--compression', values.compression])
    },
  }
}

function skopeo(): Side {
  const formats: Readonly<Record<string, readonly string[]>> = {
    gzip: ['--dest-compress-format', 'gzip'],
    zstd: ['--dest-compress-format', 'zstd'],
  }
  const format = formats[values.compression] ?? []
  return {
    name: `skopeo copy ${format.join(' ')}`.trim(),
    run: async (directory) => {
      const image = `containers-storage:[overlay@${root}+${runRoot}]localhost/bench:latest`
      return await measured('skopeo', ['copy', '--quiet', '--insecure-policy', ...format, image, `oci:${directory}:v1`])
    },
  }
}
