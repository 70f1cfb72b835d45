import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { linkSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { isFault, layerPath } from '#model'
import type { Failure } from '#model'
import type { TarEntry } from './entry.ts'
import { fanOut } from './fan-out.ts'
import { endOfArchive, formatTarHeader } from './format-tar-header.ts'
import { padding } from './header-block.ts'
import type { TarLimits } from './limits.ts'
import { TarParser } from './tar-parser.ts'

interface Heard {
  readonly entries: { readonly entry: TarEntry; readonly body: Buffer }[]
  /** All that was told, structure and bodies, in order. */
  readonly all: Buffer
  readonly trailer: Buffer
  readonly calls: string
}

function listen(archive: Uint8Array, step = archive.byteLength || 1, limits: Partial<TarLimits> = {}): Heard {
  const entries: { entry: TarEntry; body: Buffer[] }[] = []
  const all: Buffer[] = []
  const trailer: Buffer[] = []
  let calls = ''
  const call = (letter: string): void => void (calls.endsWith(letter) || (calls += letter))
  const parser = new TarParser(
    {
      structure(bytes) {
        call('s')
        all.push(Buffer.from(bytes))
        if (calls.includes('A')) trailer.push(Buffer.from(bytes))
      },
      entry(entry) {
        calls += 'e'
        entries.push({ entry, body: [] })
      },
      body(bytes) {
        call('b')
        all.push(Buffer.from(bytes))
        entries.at(-1)?.body.push(Buffer.from(bytes))
      },
      entryEnd: () => void (calls += '.'),
      archiveEnd: () => void (calls += 'A'),
      end: () => void (calls += 'E'),
    },
    limits,
  )
  for (let at = 0; at < archive.byteLength; at += step) parser.push(archive.subarray(at, at + step))
  parser.end()
  const whole = entries.map(({ entry, body }) => ({ entry, body: Buffer.concat(body) }))
  return { entries: whole, all: Buffer.concat(all), trailer: Buffer.concat(trailer), calls }
}

const plain = { mode: 0o644, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 } }

function fileEntry(path: string, body = ''): Buffer {
  const header = formatTarHeader({ ...plain, kind: 'file', path: layerPath(path), size: body.length })
  return Buffer.concat([header, Buffer.from(body, 'latin1'), Buffer.alloc(padding(body.length))])
}

/** A header block with other bytes at some places, and the checksum that goes with them. */
function patched(header: Buffer, patches: Readonly<Record<number, string>>): Buffer {
  const block = Buffer.from(header)
  for (const [at, bytes] of Object.entries(patches)) block.write(bytes, Number(at), 'latin1')
  block.fill(' ', 148, 156)
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

function failureOf(work: () => void): Failure | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (isFault(error, 'tar-invalid') || isFault(error, 'limit-exceeded')) return error.failure
    throw error
  }
}

suite('archives of other programs', () => {
  let root = ''
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'shale-tar-'))
    const tree = join(root, 'tree')
    mkdirSync(join(tree, 'sub/deeper'), { recursive: true })
    writeFileSync(join(tree, 'sub/a'), 'first\n', { mode: 0o640 })
    writeFileSync(join(tree, 'sub/deeper/large'), Buffer.alloc(20_000, 'content '))
    writeFileSync(join(tree, 'empty'), '')
    linkSync(join(tree, 'sub/a'), join(tree, 'sub/same'))
    symlinkSync('../sub/a', join(tree, 'link'))
    execFileSync('mkfifo', [join(tree, 'pipe')])
  })
  after(() => rmSync(root, { recursive: true }))

  const packed = (...options: readonly string[]): Buffer =>
    execFileSync('tar', ['--sort=name', '-C', join(root, 'tree'), ...options, '-cf', '-', '.'], {
      maxBuffer: 1 << 24,
      stdio: ['ignore', 'pipe', 'ignore'],
    })

  const large = 'content '.repeat(2500)
  const tree = [
    ['directory', './', '', ''],
    ['file', './empty', '', ''],
    ['symlink', './link', '../sub/a', ''],
    ['fifo', './pipe', '', ''],
    ['directory', './sub/', '', ''],
    ['file', './sub/a', '', 'first\n'],
    ['directory', './sub/deeper/', '', ''],
    ['file', './sub/deeper/large', '', large],
    ['hard-link', './sub/same', './sub/a', ''],
  ]
  const summary = ({ entries }: Heard) =>
    entries.map(({ entry, body }) => [entry.kind, entry.path, entry.linkPath, body.toString('latin1')])

  for (const format of ['oldgnu', 'gnu', 'ustar', 'posix']) {
    test(`GNU tar, --format=${format}: the tree that was packed`, () => {
      assert.deepEqual(summary(listen(packed(`--format=${format}`))), tree)
    })
  }

  test('GNU tar, --format=v7: the tree that was packed, but for the fifo that V7 does not know', () => {
    const withoutFifo = tree.filter(([kind]) => kind !== 'fifo')
    assert.deepEqual(summary(listen(packed('--format=v7', '--exclude=./pipe'))), withoutFifo)
  })

  test('owner, mode and times are those of the file, to the nanosecond where the archive has them', () => {
    const archive = packed('--format=posix', '--owner=someone:3000000', '--group=some:4000000')
    const entry = listen(archive).entries.find(({ entry: { path } }) => path === './sub/a')?.entry
    const { mtimeNs, atimeNs, ctimeNs } = lstatSync(join(root, 'tree/sub/a'), { bigint: true })
    const time = (nanoseconds: bigint) => ({
      seconds: Number(nanoseconds / 1_000_000_000n),
      nanoseconds: Number(nanoseconds % 1_000_000_000n),
    })
    assert.equal(entry?.mode, 0o640)
    assert.deepEqual([entry?.uid, entry?.userName, entry?.gid, entry?.groupName], [3e6, 'someone', 4e6, 'some'])
    assert.deepEqual([entry?.mtime, entry?.atime, entry?.ctime], [mtimeNs, atimeNs, ctimeNs].map(time))
  })

  test('long and non-ASCII names of Python’s tarfile, in each of its formats that can have them', () => {
    const script = `
import io, sys, tarfile
names = ['d' * 150 + '/' + 'f' * 90, 'caf\\u00e9', 'x' * 99]
names += [] if sys.argv[1] == '0' else ['n' * 300]
t = tarfile.open(fileobj=sys.stdout.buffer, mode='w|', format=int(sys.argv[1]))
for name in names:
    i = tarfile.TarInfo(name); i.size = 3; i.mtime = -5 if sys.argv[1] != '0' else 5; i.uid = 7
    t.addfile(i, io.BytesIO(b'abc'))
l = tarfile.TarInfo('l'); l.type = tarfile.SYMTYPE; l.linkname = names[-1]; t.addfile(l)
t.close()`
    for (const format of [0, 1, 2]) {
      const archive = execFileSync('python3', ['-c', script, String(format)])
      const names = [`${'d'.repeat(150)}/${'f'.repeat(90)}`, 'caf\xc3\xa9', 'x'.repeat(99)]
      if (format !== 0) names.push('n'.repeat(300))
      const { entries } = listen(archive)
      assert.deepEqual(
        entries.map(({ entry, body }) => [entry.path, body.toString(), entry.linkPath, entry.mtime.seconds]),
        [...names.map((name) => [name, 'abc', '', format === 0 ? 5 : -5]), ['l', '', names.at(-1), 0]],
      )
    }
  })

  test('sparse files come out as they were, in each of GNU tar’s formats', () => {
    const file = join(root, 'tree/sparse')
    execFileSync('sh', ['-c', 'truncate -s 300000 "$0"', file])
    for (let at = 0; at < 28; at++) {
      execFileSync('dd', ['of=' + file, 'bs=1', `seek=${4096 + at * 8192}`, 'conv=notrunc', 'status=none'], {
        input: `region ${at}`,
      })
    }
    const formats = [['--format=gnu'], ...['0.0', '0.1', '1.0'].map((v) => ['--format=posix', `--sparse-version=${v}`])]
    for (const options of formats) {
      const archive = packed('--sparse', ...options)
      assert.ok(archive.length < 300_000, 'the archive is sparse')
      const sparse = listen(archive).entries.find(({ entry: { path } }) => path === './sparse')
      assert.deepEqual([sparse?.entry.sparse, sparse?.entry.size], [true, 300_000], options.join(' '))
      assert.ok(sparse?.body.equals(readFileSync(file)), `${options.join(' ')}: other bytes`)
      assert.deepEqual(listen(archive, 700).entries, listen(archive).entries)
    }
    rmSync(file)
  })

  test('the same is told however the archive is cut, and all of its bytes are told', () => {
    const archive = packed('--format=posix')
    const whole = listen(archive)
    assert.ok(whole.all.equals(archive))
    for (const step of [1, 7, 511, 512, 513, 4096, 65_537]) {
      const cut = listen(archive, step)
      assert.deepEqual(cut.entries, whole.entries)
      assert.ok(cut.all.equals(archive), `cut every ${step} bytes`)
      assert.ok(cut.trailer.equals(whole.trailer))
    }
  })

  test('xattrs are bytes under their names', () => {
    const file = join(root, 'tree/with-xattr')
    writeFileSync(file, '')
    const set = (name: string, value: string) => execFileSync('setfattr', ['-n', name, '-v', value, file])
    set('user.binary', '0x00ff0a3d')
    set('user.empty', '""')
    const archive = packed('--format=posix', '--xattrs')
    const { xattrs } = listen(archive).entries.find(({ entry: { path } }) => path === './with-xattr')?.entry ?? {}
    assert.deepEqual(
      xattrs,
      new Map([
        ['user.binary', Buffer.from([0, 0xff, 0x0a, 0x3d])],
        ['user.empty', Buffer.alloc(0)],
      ]),
    )
    rmSync(file)
  })
})

suite('one header', () => {
  const only = (archive: Buffer) => {
    const { entries } = listen(Buffer.concat([archive, endOfArchive]))
    assert.equal(entries.length, 1)
    return entries[0]?.entry
  }
  const file = fileEntry('name')
  const gnu = { 257: 'ustar  \0' }

  test('a type flag of NUL is a file, or a directory if the name ends in a slash', () => {
    assert.equal(only(patched(file, { 156: '\0' }))?.kind, 'file')
    const directory = only(patched(file, { 0: 'name/', 156: '\0', 124: '00000000100' }))
    assert.deepEqual([directory?.kind, directory?.size], ['directory', 64])
  })

  test('links, devices, directories and fifos have no body, whatever size they give', () => {
    for (const flag of '123456') {
      assert.equal(only(patched(file, { 124: '00000077777', 156: flag }))?.size, 0o77777)
    }
  })

  test('an unknown type has a body, and its kind is other', () => {
    const { entries } = listen(patched(fileEntry('odd', 'body'), { 156: 'V' }))
    assert.deepEqual(
      [entries[0]?.entry.kind, entries[0]?.entry.typeflag, entries[0]?.body.toString()],
      ['other', 86, 'body'],
    )
  })

  test('numbers are octal with blanks around them, or base-256, also negative', () => {
    const uidOf = (text: string) => only(patched(file, { 108: text }))?.uid
    assert.equal(uidOf('   12 \0\0'), 10)
    assert.equal(uidOf('12\x0099999'), 10)
    assert.equal(uidOf('        '), 0)
    assert.equal(uidOf('\x80\0\0\0\0\x01\0\0'), 65_536)
    assert.equal(uidOf('\xff\xff\xff\xff\xff\xff\xff\xfe'), -2)
  })

  test('what is no number is an invalid header', () => {
    for (const text of ['18\0\0\0\0\0\0', ' 7 7\0\0\0\0', '-1\0\0\0\0\0\0', 'x\0\0\0\0\0\0\0']) {
      const broken = patched(file, { 108: text })
      assert.deepEqual(
        failureOf(() => listen(broken)),
        { code: 'tar-invalid', problem: 'invalid tar header', offset: 0 },
      )
    }
  })

  test('GNU times, and a prefix where old writers put one in place of them', () => {
    const times = only(patched(file, { ...gnu, 345: '00000000012\0', 357: '\xff'.repeat(12) }))
    assert.deepEqual([times?.atime?.seconds, times?.ctime?.seconds, times?.path], [10, -1, 'name'])
    const prefix = only(patched(file, { ...gnu, 345: 'old/prefix' }))
    assert.deepEqual([prefix?.atime, prefix?.path], [undefined, 'old/prefix/name'])
  })

  test('star has times behind a shorter prefix', () => {
    const star = only(patched(file, { 345: 'pre', 476: '00000000012\0', 488: '00000000013\0', 508: 'tar\0' }))
    assert.deepEqual([star?.path, star?.atime?.seconds, star?.ctime?.seconds], ['pre/name', 10, 11])
  })

  test('without a magic there are no names, no devices and no prefix', () => {
    const v7 = only(patched(file, { 257: '\0'.repeat(8), 265: 'user', 329: '0000001', 345: 'prefix' }))
    assert.deepEqual([v7?.path, v7?.userName, v7?.deviceMajor], ['name', '', 0])
  })

  test('a checksum of signed chars is accepted, any other is not', () => {
    const unsigned = patched(file, { 0: 'caf\xe9' })
    const signed = Buffer.from(unsigned)
    signed.write(`${(parseInt(unsigned.toString('latin1', 148, 154), 8) - 256).toString(8).padStart(6, '0')}\0 `, 148)
    assert.equal(only(signed)?.path, 'caf\xe9')
    signed.write('0', 150)
    assert.equal(failureOf(() => only(signed))?.code, 'tar-invalid')
  })

  test('a global header is told as an entry, with its records and nothing else', () => {
    const records = new Map([['comment', 'of all']])
    const archive = formatTarHeader({ ...plain, kind: 'global-header', path: layerPath('glob'), paxRecords: records })
    const entry = only(archive)
    assert.deepEqual([entry?.kind, entry?.path, entry?.size, entry?.paxRecords], ['global-header', 'glob', 0, records])
  })
})

suite('the end', () => {
  const file = fileEntry('a', 'hello')
  const zeros = (length: number) => Buffer.alloc(length)
  const calls = (...parts: readonly Buffer[]) => listen(Buffer.concat(parts)).calls

  test('no bytes are an archive without entries', () => {
    assert.equal(calls(), 'AE')
  })

  test('it may be two zero blocks, one, none, or lack even the padding of the last body', () => {
    assert.equal(calls(file, zeros(1024)), 'seb.sAE')
    assert.equal(calls(file, zeros(512)), 'seb.sAE')
    assert.equal(calls(file), 'seb.sAE')
    assert.equal(calls(file.subarray(0, 517)), 'seb.AE')
    assert.equal(calls(file.subarray(0, 600)), 'seb.sAE')
  })

  test('what comes after it is told apart', () => {
    const { trailer, entries } = listen(Buffer.concat([file, zeros(1024), file, Buffer.from('garbage')]), 100)
    assert.equal(entries.length, 1)
    assert.ok(trailer.equals(Buffer.concat([file, Buffer.from('garbage')])))
  })

  test('one zero block and then something else is an invalid header', () => {
    const archive = Buffer.concat([file, zeros(512), file])
    for (const step of [archive.length, 512, 100, 1]) {
      assert.deepEqual(
        failureOf(() => listen(archive, step)),
        { code: 'tar-invalid', problem: 'invalid tar header', offset: 1536 },
      )
    }
  })

  test('inside a header, an extension header or a body it is an unexpected EOF', () => {
    const long = formatTarHeader({ ...plain, kind: 'file', path: layerPath('n'.repeat(200)) })
    for (const cut of [file.subarray(0, 100), file.subarray(0, 515), long.subarray(0, 600)]) {
      assert.deepEqual(
        failureOf(() => listen(cut)),
        { code: 'tar-invalid', problem: 'unexpected EOF', offset: cut.length },
      )
    }
    assert.equal(failureOf(() => listen(Buffer.concat([file, zeros(600)])))?.code, 'tar-invalid')
  })
})

test('after a fault the parser gives the same fault again; after the end it takes nothing', () => {
  const parser = new TarParser({ entry() {}, body() {}, entryEnd() {} })
  const broken = Buffer.alloc(512, 'x')
  const first = failureOf(() => parser.push(broken))
  assert.equal(first?.code, 'tar-invalid')
  assert.equal(
    failureOf(() => parser.push(fileEntry('fine'))),
    first,
  )
  const ended = new TarParser({ entry() {}, body() {}, entryEnd() {} })
  ended.end()
  assert.throws(() => ended.push(Buffer.alloc(512)), /ended/)
})

test('what a sink throws reaches whoever pushes', () => {
  const refusal = new Error('not this one')
  const entry = () => {
    throw refusal
  }
  const parser = new TarParser({ entry, body() {}, entryEnd() {} })
  assert.throws(() => parser.push(fileEntry('a')), refusal)
})

test('bodies are views of what was pushed, shared memory or not', () => {
  const archive = fileEntry('a', 'x'.repeat(2000))
  const shared = new Uint8Array(new SharedArrayBuffer(archive.length + 100)).subarray(3, 3 + archive.length)
  shared.set(archive)
  const views: Uint8Array[] = []
  new TarParser({ entry() {}, body: (bytes) => void views.push(bytes), entryEnd() {} }).push(shared)
  assert.deepEqual(
    views.map((view) => [view.buffer === shared.buffer, view.byteOffset, view.byteLength]),
    [[true, 3 + 512, 2000]],
  )
})

test('two listeners hear the same', () => {
  const heard: string[] = []
  const listener = (name: string) => ({
    structure: () => void heard.push(`${name} structure`),
    entry: (entry: TarEntry) => void heard.push(`${name} ${entry.path}`),
    body: (bytes: Uint8Array) => void heard.push(`${name} ${Buffer.from(bytes).toString()}`),
    entryEnd: () => void heard.push(`${name} entryEnd`),
    archiveEnd: () => void heard.push(`${name} archiveEnd`),
    end: () => void heard.push(`${name} end`),
  })
  const parser = new TarParser(fanOut(listener('first'), listener('second')))
  parser.push(fileEntry('a', 'b'))
  parser.end()
  const events = ['structure', 'a', 'b', 'entryEnd', 'structure', 'archiveEnd', 'end']
  assert.deepEqual(
    heard,
    events.flatMap((event) => [`first ${event}`, `second ${event}`]),
  )
})
