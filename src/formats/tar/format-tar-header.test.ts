import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { isFault, layerPath } from '#model'
import type { TarEntry } from './entry.ts'
import { endOfArchive, formatTarHeader } from './format-tar-header.ts'
import type { TarHeader } from './header.ts'
import { TarParser } from './tar-parser.ts'
import { TarWriter } from './tar-writer.ts'

const goTool = 'containers-storage'
const withoutGoTool = spawnSync(goTool, ['--help']).error === undefined ? false : `${goTool} is not installed`

function header(path: string, fields: Partial<TarHeader> = {}): TarHeader {
  return {
    kind: 'file',
    path: layerPath(path),
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: { seconds: 1_700_000_000, nanoseconds: 0 },
    ...fields,
  }
}

/** The fields of a block as text, NULs cut off. */
function fieldsOf(blocks: Buffer, at = 0) {
  const field = (from: number, length: number) =>
    blocks.toString('latin1', at + from, at + from + length).replace(/\0[^]*$/, '')
  return {
    name: field(0, 100),
    mode: field(100, 8),
    uid: field(108, 8),
    size: field(124, 12),
    mtime: field(136, 12),
    flag: field(156, 1),
    link: field(157, 100),
    magic: blocks.toString('latin1', at + 257, at + 265),
    major: field(329, 8),
    prefix: field(345, 155),
  }
}

/** The records of the extended header that the blocks begin with. */
function recordsOf(blocks: Buffer): readonly string[] {
  const { flag, size } = fieldsOf(blocks)
  return flag === 'x'
    ? blocks
        .toString('latin1', 512, 512 + parseInt(size, 8))
        .trimEnd()
        .split('\n')
    : []
}

function parsed(blocks: Buffer): TarEntry | undefined {
  const entries: TarEntry[] = []
  new TarParser({ entry: (entry) => void entries.push(entry), body() {}, entryEnd() {} }).push(blocks)
  return entries[0]
}

suite('USTAR, if everything fits', () => {
  test('numbers are zero-padded octal, each field ends in NUL, device fields are filled in', () => {
    const blocks = formatTarHeader(header('etc/motd', { size: 8, uid: 2_097_151 }))
    assert.equal(blocks.length, 512)
    assert.deepEqual(fieldsOf(blocks), {
      name: 'etc/motd',
      mode: '0000644',
      uid: '7777777',
      size: '00000000010',
      mtime: '14524770400',
      flag: '0',
      link: '',
      magic: 'ustar\x0000',
      major: '0000000',
      prefix: '',
    })
    assert.match(blocks.toString('latin1', 148, 156), /^[0-7]{6}\0 $/)
  })

  test('a long path is cut at the last slash that leaves at most 155 and 100 bytes', () => {
    const cut = (path: string) => {
      const { name, prefix } = fieldsOf(formatTarHeader(header(path, { kind: 'directory' })))
      return [prefix, name]
    }
    const [d155, n100] = ['d'.repeat(155), 'n'.repeat(100)]
    assert.deepEqual(cut(`${d155}/${n100}`), [d155, n100])
    assert.deepEqual(cut(`a/${'b'.repeat(98)}/c/`), [`a/${'b'.repeat(98)}`, 'c/'])
    const [a100, bc] = ['a'.repeat(100), `${'b'.repeat(60)}/${'c'.repeat(30)}`]
    assert.deepEqual(cut(`${a100}/${bc}`), [a100, bc], 'a slash beyond the prefix does not count')
    assert.equal(fieldsOf(formatTarHeader(header(`${d155}d/${n100}`))).flag, 'x')
    assert.equal(fieldsOf(formatTarHeader(header(`${d155}/${n100}n`))).flag, 'x')
  })

  test('mtime is rounded to seconds, atime and ctime are left out', () => {
    const late = formatTarHeader(header('f', { mtime: { seconds: 7, nanoseconds: 5e8 } }))
    const early = formatTarHeader(
      header('f', { mtime: { seconds: 7, nanoseconds: 5e8 - 1 }, atime: { seconds: 1, nanoseconds: 1 } }),
    )
    assert.deepEqual([late.length, fieldsOf(late).mtime], [512, '00000000010'])
    assert.deepEqual([early.length, fieldsOf(early).mtime], [512, '00000000007'])
  })
})

suite('PAX, if something does not fit', () => {
  test('what is too long, too large or not ASCII becomes a record; the field has what it can hold', () => {
    const blocks = formatTarHeader(
      header('d/caf\xc3\xa9', {
        kind: 'symlink',
        linkPath: layerPath('l'.repeat(101)),
        uid: 2_097_152,
        gid: 5,
        userName: 'u'.repeat(33),
        mtime: { seconds: -1, nanoseconds: 0 },
      }),
    )
    assert.deepEqual(recordsOf(blocks), [
      `115 linkpath=${'l'.repeat(101)}`,
      '12 mtime=-1',
      '16 path=d/caf\xc3\xa9',
      '15 uid=2097152',
      `43 uname=${'u'.repeat(33)}`,
    ])
    const { name, link, uid, mtime, prefix } = fieldsOf(blocks, 1024)
    assert.deepEqual([name, link, uid, mtime, prefix], ['d/caf', 'l'.repeat(100), '0000000', '00000000000', ''])
  })

  test('a size of 8 GiB is a record', () => {
    assert.deepEqual(recordsOf(formatTarHeader(header('f', { size: 2 ** 33 }))), ['19 size=8589934592'])
    assert.deepEqual(recordsOf(formatTarHeader(header('f', { size: 2 ** 33 - 1 }))), [])
  })

  test('the extended header is named after the entry, and has nothing else', () => {
    const nameOf = (path: string, kind: TarHeader['kind'] = 'file') =>
      fieldsOf(formatTarHeader(header(path, { kind, uid: 3e6 }))).name
    assert.equal(nameOf('a/b/c'), 'a/b/PaxHeaders.0/c')
    assert.equal(nameOf('c'), 'PaxHeaders.0/c')
    assert.equal(nameOf('a/sub/', 'directory'), 'a/sub/PaxHeaders.0')
    assert.equal(nameOf('./a//\xc3\xa9x'), 'a/PaxHeaders.0/x')
    assert.equal(nameOf(`${'d'.repeat(99)}/f`), 'd'.repeat(99))
    const { mode, mtime, major } = fieldsOf(formatTarHeader(header('f', { uid: 3e6 })))
    assert.deepEqual([mode, mtime, major], ['0000000', '00000000000', ''])
  })

  test('xattrs are records with the bytes of their values', () => {
    const xattrs = new Map([
      ['user.b', Buffer.from([0, 10, 255])],
      ['security.capability', Buffer.from('cap')],
      ['user.a', Buffer.alloc(0)],
    ])
    const blocks = formatTarHeader(header('f', { xattrs }))
    const data = blocks.toString('latin1', 512, 1024).replace(/\0+$/, '')
    assert.equal(
      data,
      '40 SCHILY.xattr.security.capability=cap\n24 SCHILY.xattr.user.a=\n27 SCHILY.xattr.user.b=\0\n\xff\n',
    )
    assert.deepEqual(parsed(blocks)?.xattrs, xattrs)
  })

  test('asked for PAX, times keep their fractions, counted from zero on either side', () => {
    const times = {
      mtime: { seconds: 1, nanoseconds: 500_000_000 },
      atime: { seconds: -2, nanoseconds: 750_000_000 },
      ctime: { seconds: 3, nanoseconds: 0 },
    }
    const blocks = formatTarHeader(header('f', times), 'pax')
    assert.deepEqual(recordsOf(blocks), ['15 atime=-1.25', '11 ctime=3', '13 mtime=1.5'])
    const { mtime, atime, ctime } = parsed(blocks) ?? {}
    assert.deepEqual({ mtime, atime, ctime }, times)
    assert.equal(formatTarHeader(header('f'), 'pax').length, 512, 'nothing needs PAX: USTAR')
  })

  test('further records are kept, those that contradict a field are not', () => {
    const paxRecords = new Map([
      ['comment', 'kept'],
      ['path', 'other'],
      ['uid', '0'],
      ['GNU.sparse.size', '5'],
    ])
    assert.deepEqual(recordsOf(formatTarHeader(header('f', { paxRecords }))), ['16 comment=kept', '8 uid=0'])
  })

  test('a record counts its own digits', () => {
    for (const length of [86, 87, 88, 89, 90, 91, 984, 985, 986, 987, 988]) {
      const paxRecords = new Map([['k', 'v'.repeat(length)]])
      assert.deepEqual(parsed(formatTarHeader(header('f', { paxRecords })))?.paxRecords, paxRecords)
    }
  })
})

suite('GNU, if PAX has no record for it', () => {
  test('a mode or device number of more than 21 bits is base-256', () => {
    const entry = { kind: 'char-device', deviceMajor: 2 ** 21, deviceMinor: 5 } as const
    const blocks = formatTarHeader(header('n'.repeat(101), entry))
    assert.deepEqual([fieldsOf(blocks).name, fieldsOf(blocks).flag], ['././@LongLink', 'L'])
    const { path, deviceMajor, deviceMinor } = parsed(blocks) ?? {}
    assert.deepEqual([path, deviceMajor, deviceMinor], ['n'.repeat(101), 2 ** 21, 5])
  })

  test('what no dialect can say is refused', () => {
    const refused: readonly TarHeader[] = [
      header('f/'),
      header('f', { size: -1 }),
      header('a\0b'),
      header('f', { mode: 2 ** 21, uid: 2 ** 60 }),
      header('f', { paxRecords: new Map([['a=b', '']]) }),
    ]
    for (const one of refused)
      assert.throws(
        () => formatTarHeader(one),
        (error) => isFault(error, 'unsupported'),
      )
  })
})

test('every header of an archive that Go wrote comes out as Go wrote it', { skip: withoutGoTool }, (t) => {
  const root = mkdtempSync(join(tmpdir(), 'shale-tar-'))
  t.after(() => rmSync(root, { recursive: true }))
  const tree = join(root, 'tree')
  growOddTree(tree)
  const archive = writtenByGo(root, tree)

  const written: Buffer[] = []
  const writer = new TarWriter((bytes) => void written.push(Buffer.from(bytes)))
  let kinds = ''
  const parser = new TarParser({
    // Without its records: whether they are needed is for the writer to find out.
    entry({ paxRecords, ...entry }) {
      kinds += paxRecords === undefined ? 'u' : 'p'
      writer.entry(entry)
    },
    body: (bytes) => writer.body(bytes),
    entryEnd: () => writer.entryEnd(),
    end: () => writer.end(),
  })
  parser.push(archive)
  parser.end()
  assert.match(kinds, /up|pu/, 'both dialects were there')
  assert.ok(Buffer.concat(written).equals(archive))
})

function growOddTree(tree: string): void {
  const at = (name: string) => join(tree, name)
  const [p150, q99] = ['p'.repeat(150), 'q'.repeat(99)]
  for (const name of [
    'sub/deeper',
    `${p150}/${'D'.repeat(99)}`,
    q99,
    `${q99}q`,
    `${q99}/${'é'.repeat(60)}`,
    'dé/sub',
  ]) {
    mkdirSync(at(name), { recursive: true })
  }
  for (const name of ['plain', 'big-owner', 'caf\u00e9', `${p150}/${'n'.repeat(101)}`, 'dé/sub/file', 'b<&>"\\t']) {
    writeFileSync(at(name), `the file ${name}\n`)
  }
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/raw`), Buffer.from([0xff, 0xfe])]), 'not UTF-8')
  chownSync(at('big-owner'), 3_000_000, 4_000_000)
  linkSync(at('big-owner'), at('owner-again'))
  symlinkSync('l'.repeat(120), at('long-link'))
  symlinkSync(`${q99}/${'l'.repeat(120)}`, at('slash-at-the-cut'))
  symlinkSync('caf\u00e9', at('link-to-non-ascii'))
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'on a file', at('dé/sub/file')])
  execFileSync('mkfifo', [at('fifo')])
  execFileSync('mknod', [at('char'), 'c', '5', '1'])
  execFileSync('mknod', [at('block'), 'b', '259', '70000'])
  execFileSync('chmod', ['4755', at('plain')])
}

/** The tree as `containers-storage diff` packs it: without its tar-split a layer is packed anew. */
function writtenByGo(root: string, tree: string): Buffer {
  const go = (...args: readonly string[]) =>
    execFileSync(goTool, ['-g', join(root, 'g'), '-R', join(root, 'r'), '-s', 'vfs', ...args], { maxBuffer: 1 << 26 })
  const layer = go('create-layer').toString().split('\n')[0] ?? ''
  const input = join(root, 'in.tar')
  execFileSync('tar', ['--format=posix', '--xattrs', '-C', tree, '-cf', input, '.'])
  go('applydiff', '-f', input, layer)
  rmSync(join(root, `g/vfs-layers/${layer}.tar-split.gz`))
  const output = join(root, 'out.tar')
  go('diff', '-u', '-f', output, layer)
  return readFileSync(output)
}

test('a tar of this writer is read by GNU tar', () => {
  const pieces: Buffer[] = []
  const writer = new TarWriter((bytes) => void pieces.push(Buffer.from(bytes)))
  const paths = ['a', `${'d'.repeat(120)}/${'f'.repeat(120)}`, 'caf\xc3\xa9']
  for (const path of paths) {
    writer.entry(header(path, { size: path.length }))
    writer.body(Buffer.from(path, 'latin1'))
    writer.entryEnd()
  }
  writer.end()
  const listing = execFileSync('tar', ['-t', '--quoting-style=literal'], { input: Buffer.concat(pieces) })
  assert.equal(listing.toString('latin1'), paths.map((path) => `${path}\n`).join(''))
})

test('a body that is not what its header promised is refused', () => {
  const writer = new TarWriter(() => undefined)
  writer.entry(header('f', { size: 3 }))
  writer.body(Buffer.from('ab'))
  assert.throws(
    () => writer.entryEnd(),
    (error) => isFault(error, 'size-mismatch') && error.failure.expected === 3 && error.failure.actual === 2,
  )
  assert.throws(
    () => writer.body(Buffer.from('cd')),
    (error) => isFault(error, 'size-mismatch'),
  )
})

test('an archive ends with two zero blocks', () => {
  assert.deepEqual([endOfArchive.byteLength, endOfArchive.every((byte) => byte === 0)], [1024, true])
})
