import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { endOfArchive, formatTarHeader, padding, TarParser } from '#formats/tar'
import type { TarHeader } from '#formats/tar'
import { isFault, layerPath } from '#model'
import { TarSplitRecorder } from './recorder.ts'

const goTool = 'containers-storage'
const withoutGoTool = spawnSync(goTool, ['--help']).error === undefined ? false : `${goTool} is not installed`

function recorded(archive: Uint8Array, step = archive.byteLength || 1): Buffer {
  const lines: Buffer[] = []
  const parser = new TarParser(new TarSplitRecorder((bytes) => void lines.push(bytes)))
  for (let at = 0; at < archive.byteLength; at += step) parser.push(archive.subarray(at, at + step))
  parser.end()
  return Buffer.concat(lines)
}

function entry(path: string, body = '', fields: Partial<TarHeader> = {}): Buffer {
  const header = formatTarHeader({
    kind: 'file',
    path: layerPath(path),
    size: body.length,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: { seconds: 0, nanoseconds: 0 },
    ...fields,
  })
  return Buffer.concat([header, Buffer.from(body), Buffer.alloc(padding(body.length))])
}

/** The lines without their segments' bytes: those are counted instead. */
function shapeOf(lines: Buffer): readonly string[] {
  const text = lines.toString('latin1').trimEnd()
  const counted = (_: string, payload: string) => `${Buffer.from(payload, 'base64').length} bytes`
  return text === '' ? [] : text.split('\n').map((line) => line.replace(/^\{"type":2,"payload":"(.*?)"/, counted))
}

suite('what is written', () => {
  test('a segment for every header with the padding before it, a file record for every entry, the end', () => {
    const archive = Buffer.concat([entry('a', 'foo'), entry('dir/', '', { kind: 'directory' }), endOfArchive])
    assert.deepEqual(shapeOf(recorded(archive)), [
      '512 bytes,"position":0}',
      '{"type":1,"name":"a","size":3,"payload":"PDwwMAAAAAA=","position":1}',
      '1021 bytes,"position":2}',
      '{"type":1,"name":"dir/","payload":null,"position":3}',
      '1024 bytes,"position":4}',
    ])
  })

  test('bytes after the end in pieces of 1 MiB, and nothing for no bytes', () => {
    const archive = Buffer.concat([entry('a'), endOfArchive, Buffer.alloc(2_500_000, 1)])
    const pieces = [512, 1024, 1_048_576, 1_048_576, 402_848].map((length) => `${length} bytes`)
    for (const step of [archive.length, 65_536, 999_999]) {
      const segments = shapeOf(recorded(archive, step)).filter((line) => line.includes(' bytes'))
      assert.deepEqual(
        segments.map((line) => line.split(',')[0]),
        pieces,
      )
    }
    assert.deepEqual(shapeOf(recorded(entry('a'))).length, 2)
    assert.equal(recorded(Buffer.alloc(0)).length, 0)
  })

  test('names are escaped as Go escapes them; what is not UTF-8 is base64', () => {
    const nameOf = (path: string) =>
      shapeOf(recorded(entry(path)))[1]?.slice('{"type":1,'.length, -',"payload":null,"position":1}'.length)
    const utf8 = (text: string) => Buffer.from(text).toString('latin1')
    assert.equal(nameOf('a b~'), '"name":"a b~"')
    assert.equal(nameOf('<&>"\\'), String.raw`"name":"\u003c\u0026\u003e\"\\"`)
    assert.equal(nameOf('\n\r\t\b\f\x01\x7f'), '"name":"\\n\\r\\t\\u0008\\u000c\\u0001\x7f"')
    assert.equal(nameOf(utf8('café 🐚')), utf8('"name":"café 🐚"'))
    assert.equal(nameOf(utf8('\u2027\u2028\u2029')), utf8('"name":"\u2027\\u2028\\u2029"'))
    assert.equal(nameOf('caf\xe9'), '"name_raw":"Y2Fm6Q=="')
  })

  test('a link that declares a size has it recorded, with the sum of no bytes', () => {
    const link = entry('l', '', { kind: 'hard-link', linkPath: layerPath('a'), size: 77 })
    assert.equal(shapeOf(recorded(link))[1], '{"type":1,"name":"l","size":77,"payload":"AAAAAAAAAAA=","position":1}')
  })

  test('a path that comes twice is refused, however it is spelled', () => {
    for (const again of ['a', './a', 'a/', 'b/../a', './/a/.']) {
      const kind = again.endsWith('/') ? 'directory' : 'symlink'
      const archive = Buffer.concat([entry('a'), entry(again, '', { kind })])
      assert.throws(
        () => recorded(archive),
        (error) => isFault(error, 'tar-split-invalid') && error.message.includes('duplicates of file paths'),
      )
    }
    recorded(Buffer.concat([entry('a'), entry('/a'), entry('../a'), entry('a/b'), entry('..a')]))
  })
})

suite('the Go tool writes the same', { skip: withoutGoTool }, () => {
  const archives: Readonly<Record<string, (tree: string) => Buffer>> = {
    ...Object.fromEntries(
      ['v7', 'oldgnu', 'gnu', 'ustar', 'posix'].map((format) => [
        `GNU tar --format=${format}`,
        (tree: string) => packed(tree, `--format=${format}`, '--exclude=*pipe'),
      ]),
    ),
    'sparse 0.0': (tree) => packed(tree, '--format=posix', '--sparse', '--sparse-version=0.0'),
    'sparse 0.1': (tree) => packed(tree, '--format=posix', '--sparse', '--sparse-version=0.1'),
    'sparse 1.0': (tree) => packed(tree, '--format=posix', '--sparse', '--sparse-version=1.0'),
    'xattrs and a global header': (tree) =>
      packed(tree, '--format=posix', '--xattrs', '--pax-option=globexthdr.name=global,comment=all'),
    'no end blocks': () => Buffer.concat([entry('a', 'foo'), entry('b')]),
    'one end block': () => Buffer.concat([entry('a', 'foo'), Buffer.alloc(512)]),
    'padding that is not zero': () => Buffer.concat([entry('a', 'foo').fill('Z', 515), entry('b'), endOfArchive]),
    'garbage after the end': () => Buffer.concat([entry('a'), endOfArchive, Buffer.from('garbage')]),
    nothing: () => Buffer.alloc(0),
  }
  for (const [name, make] of Object.entries(archives)) {
    test(name, (t) => {
      const root = mkdtempSync(join(tmpdir(), 'shale-tarsplit-'))
      t.after(() => rmSync(root, { recursive: true }))
      const tree = join(root, 'tree')
      growTree(tree)
      const archive = make(tree)
      const go = goRecorded(root, archive)
      assert.ok(recorded(archive).equals(go.lines), 'recorded alike')
      assert.ok(recorded(archive, 1000).equals(go.lines), 'recorded alike in small pieces')

      writeFileSync(go.file, gzipSync(recorded(archive)))
      const played = go.run('diff', '-u', go.layer)
      if (name.startsWith('sparse')) assert.ok(played.length > archive.length, 'sparse files come back unfolded')
      else assert.ok(played.equals(archive), 'what we recorded is played back by the Go tool')
    })
  }

  function growTree(tree: string): void {
    const long = join(tree, 'x'.repeat(90), 'y'.repeat(90))
    mkdirSync(long, { recursive: true })
    writeFileSync(join(long, 'n'.repeat(120)), 'deep')
    for (const name of ['plain', 'caf\u00e9', 'b<&>"\\', 'line\nbreak\u0001', '\u2028']) {
      writeFileSync(join(tree, name), `the file ${name}\n`)
    }
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/raw`), Buffer.from([0xe9])]), 'not UTF-8')
    writeFileSync(join(tree, 'large'), Buffer.alloc(300_001, 'content'))
    execFileSync('truncate', ['-s', '200000', join(tree, 'holes')])
    execFileSync('setfattr', ['-n', 'user.note', '-v', 'value', join(tree, 'plain')])
    execFileSync('mkfifo', [join(tree, 'pipe')])
    linkSync(join(tree, 'plain'), join(tree, 'second-name'))
    symlinkSync('l'.repeat(150), join(tree, 'symlink'))
  }

  function packed(tree: string, ...options: readonly string[]): Buffer {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore']
    // Without blocking nothing trails the end: the Go tool cuts that wherever its reads happen to end.
    const all = ['-C', tree, '--blocking-factor=1', ...options, '-cf', '-', '.']
    // GNU tar fails for names that V7 cannot hold, after having written all others.
    return spawnSync('tar', all, { maxBuffer: 1 << 24, stdio }).stdout
  }

  function goRecorded(root: string, archive: Buffer) {
    const run = (...args: readonly string[]): Buffer =>
      execFileSync(goTool, ['-g', join(root, 'g'), '-R', join(root, 'r'), '-s', 'vfs', ...args], { maxBuffer: 1 << 26 })
    const layer = run('create-layer').toString().split('\n')[0] ?? ''
    writeFileSync(join(root, 'in.tar'), archive)
    run('applydiff', '-f', join(root, 'in.tar'), layer)
    const file = join(root, `g/vfs-layers/${layer}.tar-split.gz`)
    return { run, layer, file, lines: asNewerToolsWrite(gunzipSync(readFileSync(file)).toString('latin1')) }
  }

  /** Version 1.43 writes an empty last segment. */
  function asNewerToolsWrite(lines: string): Buffer {
    const withoutEmpty = lines.replace(/\{"type":2,"payload":"","position":\d+\}\n$/, '')
    return Buffer.from(withoutEmpty, 'latin1')
  }
})
