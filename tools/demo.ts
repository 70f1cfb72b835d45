// `npm run demo [-- SOURCE]`: the main job on a real image, with times. Without SOURCE a Debian is made by debootstrap (once).
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fixture } from '../test/fixtures/fixture.ts'
import { ensureTools, imageBuilders, sourceMakers } from './debian-packages.ts'

const root = path.resolve(import.meta.dirname, '..')
const place = mkdtempSync(path.join(tmpdir(), 'shale-demo-'))
const store = ['--root', path.join(place, 'graph'), '--runroot', path.join(place, 'run')]
const times: (readonly [string, number])[] = []

if (process.geteuid?.() !== 0) {
  console.error('The demo mounts and changes owners, so it needs root: sudo npm run demo')
  process.exit(1)
}

try {
  await main(process.argv[2])
} finally {
  shale('unmount', '--all', '--quiet')
  spawnSync('umount', [path.join(place, 'graph/overlay')], { stdio: 'ignore' })
  rmSync(place, { recursive: true, force: true })
}

async function main(given: string | undefined): Promise<void> {
  const source = given ?? (await madeDebian())
  step('pull', 'pull', source)
  step('images', 'images')
  const [image] = JSON.parse(shale('images', '--json')) as readonly { readonly id: string }[]
  if (image === undefined) throw new Error('the store lists no image after the pull')
  step('tree', 'tree', image.id)
  step('create', 'create', image.id, 'demo')
  const mountpoint = step('mount', 'mount', 'demo').trim()
  runInside(mountpoint)
  step('diff', 'diff', 'demo')
  step('unmount', 'unmount', 'demo')
  step('rm', 'rm', 'demo')
  step('df', 'df')
  step('rmi', 'rmi', image.id)
  console.log(`\n${times.map(([name, seconds]) => `${seconds.toFixed(2).padStart(7)} s  ${name}`).join('\n')}`)
}

async function madeDebian(): Promise<string> {
  const missing = ensureTools([...imageBuilders, ...sourceMakers])
  if (missing.length > 0) {
    throw new Error(
      `To make a Debian image ${missing.join(' and ')} must be installed; or give an image: npm run demo -- oci:DIRECTORY`,
    )
  }
  console.log('Making a Debian image with debootstrap (kept for the next time)')
  const started = performance.now()
  const { source } = await fixture('debian')
  times.push(['debootstrap', (performance.now() - started) / 1000])
  return source
}

function runInside(mountpoint: string): void {
  const script =
    'test -r /etc/os-release && . /etc/os-release; echo "Hello from ${PRETTY_NAME:-the image}"; echo written > /demo-was-here'
  console.log(`\n$ chroot ${mountpoint} /bin/sh -c '${script}'`)
  const started = performance.now()
  const result = spawnSync('chroot', [mountpoint, '/bin/sh', '-c', script], { encoding: 'utf8' })
  times.push(['program inside', (performance.now() - started) / 1000])
  process.stdout.write(result.stdout)
  if (result.status !== 0) throw new Error(`the program inside failed: ${result.stderr}`)
}

function step(name: string, ...words: readonly string[]): string {
  console.log(`\n$ shale ${words.join(' ')}`)
  const started = performance.now()
  const output = shale(...words)
  times.push([name, (performance.now() - started) / 1000])
  process.stdout.write(output)
  return output
}

function shale(...words: readonly string[]): string {
  const result = spawnSync(path.join(root, 'bin/shale'), [...store, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (result.status !== 0) throw new Error(`shale ${words.join(' ')}: exit status ${result.status}`)
  return result.stdout
}
