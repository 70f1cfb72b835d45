import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fanOut, TarParser } from '#formats/tar'
import type { TarEntry } from '#formats/tar'
import { isFault } from '#model'
import { entriesOfTarSplit, TarSplitEntries } from './entries.ts'
import { TarSplitRecorder } from './recorder.ts'

function recorded(archive: Uint8Array) {
  const lines: Buffer[] = []
  const entries: TarEntry[] = []
  const listener = { entry: (entry: TarEntry) => void entries.push(entry), body() {}, entryEnd() {} }
  const parser = new TarParser(fanOut(new TarSplitRecorder((bytes) => void lines.push(bytes)), listener))
  parser.push(archive)
  parser.end()
  return { lines: Buffer.concat(lines), entries }
}

test('the headers are those of the tar, bodies or not, in every dialect, sparse files among them', async (t) => {
  const tree = mkdtempSync(join(tmpdir(), 'shale-tarsplit-'))
  t.after(() => rmSync(tree, { recursive: true }))
  mkdirSync(join(tree, 'x'.repeat(90), 'y'.repeat(90)), { recursive: true })
  writeFileSync(join(tree, 'x'.repeat(90), 'y'.repeat(90), 'n'.repeat(120)), 'deep')
  writeFileSync(join(tree, 'large'), Buffer.alloc(300_001, 'content'))
  writeFileSync(join(tree, 'last'), 'last')
  execFileSync('truncate', ['-s', '200000', join(tree, 'holes')])
  execFileSync('dd', ['of=' + join(tree, 'holes'), 'bs=1', 'seek=90000', 'conv=notrunc', 'status=none'], {
    input: 'data',
  })
  symlinkSync('l'.repeat(150), join(tree, 'symlink'))
  const versions = ['0.0', '0.1', '1.0'].map((version) => ['--format=posix', '--sparse', `--sparse-version=${version}`])
  for (const options of [['--format=gnu'], ['--format=gnu', '--sparse'], ['--format=posix'], ...versions]) {
    const archive = execFileSync('tar', ['-C', tree, ...options, '-cf', '-', '.'], { maxBuffer: 1 << 24 })
    const { lines, entries } = recorded(archive)
    assert.equal(entries.length, 8)
    const inPieces = async function* () {
      for (let at = 0; at < lines.length; at += 5000) yield lines.subarray(at, at + 5000)
    }
    assert.deepEqual(await Array.fromAsync(entriesOfTarSplit(inPieces())), entries, options.join(' '))
  }
})

test('a tar-split whose records do not fit its headers is refused', () => {
  const archive = execFileSync('tar', ['--blocking-factor=1', '-cf', '-', '-C', '/', 'etc/passwd', 'etc/group'])
  const lines = recorded(archive).lines.toString().trimEnd().split('\n')
  assert.equal(lines.length, 5)
  const broken: Readonly<Record<string, readonly string[]>> = {
    'another name': lines.map((line) => line.replace('"etc/passwd"', '"etc/shadow"')),
    'another size': lines.map((line) => line.replace(/"size":/, '"size":1')),
    'a record without a header': [lines[1] ?? '', ...lines],
    'a header without a record': lines.filter((_, index) => index !== 1),
    'a last header without a record': lines.slice(0, 3),
  }
  for (const [what, kept] of Object.entries(broken)) {
    const reader = new TarSplitEntries(() => undefined)
    const read = () => {
      for (const line of kept) reader.push(Buffer.from(`${line}\n`))
      reader.end()
    }
    assert.throws(read, (error) => isFault(error, 'tar-split-invalid'), what)
  }
})

test('a header that is none is the fault of the tar', () => {
  const reader = new TarSplitEntries(() => undefined)
  const payload = Buffer.alloc(512, 'x').toString('base64')
  assert.throws(
    () => reader.push(Buffer.from(`{"type":2,"payload":"${payload}","position":0}`)),
    (error) => isFault(error, 'tar-invalid'),
  )
})
