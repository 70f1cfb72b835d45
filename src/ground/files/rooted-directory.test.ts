import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Fault, type LayerPath, layerPathOfBytes, layerPathOfText as inside } from '#model'
import { Descriptor, O_CREAT, O_NOFOLLOW, O_PATH, O_RDONLY, O_WRONLY, fstat, writeFully } from '#ground/sys'
import { RootedDirectory } from './rooted-directory.ts'

const scratch = mkdtempSync(join(tmpdir(), 'rooted-'))
after(() => rmSync(scratch, { recursive: true }))

const secret = 'of the host'
let count = 0

/** A root with a file beside it that must never be reached. */
function freshRoot(): { readonly path: string; readonly outside: string } {
  count += 1
  const outside = join(scratch, String(count))
  const path = join(outside, 'root')
  mkdirSync(path, { recursive: true })
  writeFileSync(join(outside, 'passwd'), secret)
  return { path, outside }
}

function failure(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Fault && error.failure.code === code
}

test('symlinks and dots lead around inside, never out', () => {
  const { path, outside } = freshRoot()
  mkdirSync(join(path, 'run'))
  writeFileSync(join(path, 'passwd'), 'of the image')
  symlinkSync('/run', join(path, 'var'))
  symlinkSync('/', join(path, 'run/top'))
  symlinkSync('../../../../..', join(path, 'run/up'))
  symlinkSync(outside, join(path, 'host'))
  using root = new RootedDirectory(path)
  const texts = [
    'passwd',
    '/passwd',
    '../passwd',
    'run/../../passwd',
    'var/top/passwd',
    'run/up/passwd',
    'run/up/../passwd',
  ]
  for (const text of texts) {
    assert.equal(root.readFile(inside(text), 100).toString(), 'of the image', text)
  }
  assert.throws(() => root.readFile(inside('host/passwd'), 100), failure('file-unknown'))
  assert.throws(() => root.open(inside('/proc/self/root/etc/hostname'), O_RDONLY), { code: 'ENOENT' })
})

test('a file is created where the path leads inside of the root', () => {
  const { path, outside } = freshRoot()
  symlinkSync('../../escaped', join(path, 'link'))
  using root = new RootedDirectory(path)
  using file = new Descriptor(root.open(inside('link'), O_WRONLY | O_CREAT, 0o600))
  writeFully(file.fd, Buffer.from('x'))
  assert.deepEqual(readdirSync(path).sort(), ['escaped', 'link'])
  assert.deepEqual(readdirSync(outside).sort(), ['passwd', 'root'])
})

test('the parent of a name is a directory inside, and a path without a last name has none', () => {
  const { path } = freshRoot()
  mkdirSync(join(path, 'usr/lib'), { recursive: true })
  symlinkSync('/usr/lib', join(path, 'lib'))
  using root = new RootedDirectory(path)
  using place = root.parent(inside('/lib/new//'))
  assert.equal(place.name.toString(), 'new')
  assert.equal(fstat(place.directory).inode, root.find(inside('usr/lib'))?.inode)
  using top = root.parent(inside('/top'))
  assert.equal(fstat(top.directory).inode, fstat(root.fd).inode)
  for (const text of ['', '/', '..', 'usr/..', 'usr/.', '//']) {
    assert.throws(() => root.parent(inside(text)), failure('path-escapes-root'), text)
  }
})

test('only regular files are read, within a limit, and the others are not even opened', () => {
  const { path } = freshRoot()
  execFileSync('mkfifo', [join(path, 'fifo')])
  writeFileSync(join(path, 'big'), Buffer.alloc(200_000, 'x'))
  symlinkSync('big', join(path, 'symlink'))
  using root = new RootedDirectory(path)
  assert.equal(root.readFile(inside('big'), 200_000).length, 200_000)
  assert.throws(() => root.readFile(inside('big'), 199_999), failure('limit-exceeded'))
  for (const text of ['fifo', 'symlink', '']) {
    assert.throws(() => root.readFile(inside(text), 10), failure('unsupported'), text)
  }
})

test('names are bytes: listed, opened and read as they are', () => {
  const { path } = freshRoot()
  const raw = Buffer.from([0x66, 0xff, 0xfe])
  writeFileSync(Buffer.concat([Buffer.from(`${path}/`), raw]), 'raw')
  symlinkSync(Buffer.from([0x74, 0xff]), join(path, 'link'))
  using root = new RootedDirectory(path)
  const types = new Map(root.list(inside('')).map((entry) => [entry.name.toString('latin1'), entry.type]))
  assert.deepEqual(
    types,
    new Map([
      ['f\xff\xfe', 'file'],
      ['link', 'symlink'],
    ]),
  )
  assert.equal(root.readFile(layerPathOfBytes(raw), 10).toString(), 'raw')
  assert.equal(root.readFile(raw, 10).toString(), 'raw')
  assert.deepEqual(root.readlink(inside('link')), Buffer.from([0x74, 0xff]))
  assert.throws(() => root.open('f\0g' as LayerPath, O_PATH | O_NOFOLLOW), { code: 'EINVAL' })
})

test('somebody who swaps a directory for a symlink all the time does not get us out', async () => {
  const { path, outside } = freshRoot()
  mkdirSync(join(path, 'etc'))
  writeFileSync(join(path, 'etc/passwd'), 'of the image')
  symlinkSync(outside, join(path, 'trap'))
  const swapper = new Worker(
    `const { renameSync } = require('node:fs')
     const { parentPort, workerData: path } = require('node:worker_threads')
     let stop = false
     parentPort.once('message', () => process.exit())
     const swap = () => {
       for (let i = 0; i < 200; i++) {
         renameSync(path + '/etc', path + '/kept'); renameSync(path + '/trap', path + '/etc')
         renameSync(path + '/etc', path + '/trap'); renameSync(path + '/kept', path + '/etc')
       }
       setImmediate(swap)
     }
     swap()`,
    { eval: true, workerData: path },
  )
  using root = new RootedDirectory(path)
  const seen = new Set<string>()
  const end = Date.now() + 300
  while (Date.now() < end) {
    try {
      seen.add(root.readFile(inside('etc/passwd'), 100).toString())
    } catch (error) {
      if (!failure('file-unknown')(error)) throw error
      seen.add('none')
    }
  }
  await swapper.terminate()
  assert.ok(seen.has('of the image') && seen.has('none'))
  assert.equal(seen.has(secret), false)
})
