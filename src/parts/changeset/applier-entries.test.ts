import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault, type Failure } from '#model'
import type { ApplyTarget } from './target.ts'
import {
  type Told,
  apply,
  device,
  directory,
  fifo,
  file,
  hardLink,
  inLayer,
  longAgo,
  symlink,
  whiteout,
} from './trial-entries.ts'
import { contentsOf, listingOf, trialDirectory } from './trial-listing.ts'

type Options = Omit<ApplyTarget, 'directory' | 'semantics'>

function applied(entries: readonly Told[], options: Options = {}, semantics: ApplyTarget['semantics'] = 'overlay') {
  using trial = trialDirectory()
  const warnings: string[] = []
  apply({ directory: trial.path, semantics, ...options }, entries, { onWarning: (text) => warnings.push(text) })
  return { listing: listingOf(trial.path, { accessTimes: 'files' }), contents: contentsOf(trial.path), warnings }
}

function failureOf(entries: readonly Told[], options: Options = {}): Failure {
  try {
    applied(entries, options)
  } catch (error) {
    if (error instanceof Fault) return error.failure
    throw error
  }
  throw new assert.AssertionError({ message: 'nothing failed' })
}

test('a file gets its owner, all bits of its mode, its times to the nanosecond and its attributes', () => {
  const facts = { mode: 0o6751, uid: 1000, gid: 1001, mtime: { seconds: 5, nanoseconds: 7 } }
  const { listing } = applied([
    file('f', 'content', { ...facts, atime: { seconds: 6, nanoseconds: 1 }, xattrs: { 'user.a': 'b' } }),
  ])
  assert.equal(listing['f'], 'file 6751 1000:1001 5000000007 6000000001 7:ed7002b439e9 user.a=b')
})

test('a file was never accessed before it was modified, and without a time of access just then', () => {
  const mtime = { seconds: 50, nanoseconds: 5 }
  const { listing } = applied([
    file('early', '', { mtime, atime: { seconds: 50, nanoseconds: 4 } }),
    file('without', '', { mtime }),
  ])
  assert.match(listing['early'] ?? '', / 50000000005 50000000005 /)
  assert.match(listing['without'] ?? '', / 50000000005 50000000005 /)
})

test('the mask of the process changes no mode, of files, directories and missing parents', () => {
  const mask = process.umask(0o077)
  try {
    const { listing } = applied([
      file('parent/f', '', { mode: 0o666 }),
      directory('d/', { mode: 0o777 }),
      fifo('p', { mode: 0o666 }),
    ])
    const modes = Object.entries(listing).map(([name, line]) => [name, line.split(' ')[1]])
    assert.deepEqual(Object.fromEntries(modes), { '.': '700', parent: '755', 'parent/f': '666', d: '777', p: '666' })
  } finally {
    process.umask(mask)
  }
})

test('a directory keeps the time it is told, although it was filled afterwards', () => {
  const { listing } = applied([
    directory('d/', { mtime: { seconds: 9, nanoseconds: 9 } }),
    directory('d/e/'),
    file('d/e/f'),
  ])
  assert.match(listing['d'] ?? '', / 9000000009$/)
  assert.match(listing['d/e'] ?? '', / 1000000000000000000$/)
})

test('a file in a directory that hands down its group has the group it is told', () => {
  const { listing } = applied([
    directory('d/', { mode: 0o2775, gid: 50 }),
    file('d/root'),
    symlink('d/link', 'x'),
    directory('d/e/'),
  ])
  for (const name of ['d/root', 'd/link', 'd/e']) assert.match(listing[name] ?? '', / 0:0 /)
  assert.match(listing['d/e'] ?? '', /^directory 755 /)
})

test('a hard link changes its file to what the link is told, and a symlink only its owner', () => {
  const { listing } = applied([
    file('f', 'x', { mode: 0o600 }),
    hardLink('again', 'f', { mode: 0o640, uid: 3, mtime: { seconds: 1, nanoseconds: 0 } }),
    symlink('s', 'f'),
    hardLink('s-again', 's', { mode: 0o600, uid: 4 }),
  ])
  assert.match(listing['f'] ?? '', /^file 640 3:0 1000000000 /)
  assert.match(listing['s'] ?? '', /^symlink 777 4:0 1000000000000000000 1000000000000000000 /)
})

test('kinds that nobody can unpack are refused by the number of their type', () => {
  const unknown = (typeflag: number): Told => ({
    header: { ...file('x').header, kind: 'other', typeflag },
    body: Buffer.alloc(0),
  })
  assert.deepEqual(failureOf([unknown(0x37)]), { code: 'tar-invalid', problem: 'unhandled tar header type 55' })
  assert.deepEqual(failureOf([unknown(0x56)]), { code: 'tar-invalid', problem: 'unhandled tar header type 86' })
})

test('attributes of users on what cannot have them fail the layer, those of unknown namespaces are told and ignored', () => {
  const xattrs = { 'user.a': 'b' }
  const failure = { code: 'system', call: 'lsetxattr', path: '/s', errno: 'EPERM' }
  assert.deepEqual(failureOf([symlink('s', 'x', { xattrs })]), failure)
  assert.deepEqual(failureOf([fifo('s', { xattrs })]), failure)
  const { listing, warnings } = applied([
    file('f', '', { xattrs: { 'bogus.a': 'b', 'security.selinux': 'c', 'user.empty': '' } }),
  ])
  assert.match(listing['f'] ?? '', / user\.empty=$/)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /bogus\.a.*operation not supported/)
})

test('owners are mapped; parents that nobody tells of belong to the root of the map in an overlay alone', () => {
  const idMaps = {
    uids: [{ containerId: 0, hostId: 100_000, size: 10 }],
    gids: [{ containerId: 0, hostId: 200_000, size: 10 }],
  }
  const entries = [file('parent/f', '', { uid: 3, gid: 4 })]
  const overlay = applied(entries, { idMaps }).listing
  assert.match(overlay['parent/f'] ?? '', / 100003:200004 /)
  assert.match(overlay['parent'] ?? '', / 100000:200000 /)
  const unpacked = applied(entries, { idMaps }, 'unpack-layer').listing
  assert.match(unpacked['parent/f'] ?? '', / 100003:200004 /)
  assert.match(unpacked['parent'] ?? '', / 0:0 /)
})

test('an owner that the map does not know fails the layer, that of a whiteout too', () => {
  const idMaps = { uids: [{ containerId: 0, hostId: 100_000, size: 10 }] }
  const failure = { code: 'id-unmapped', side: 'container', id: 10 }
  assert.deepEqual(failureOf([file('f', '', { uid: 10 })], { idMaps }), failure)
  assert.deepEqual(failureOf([whiteout('f', { uid: 10 })], { idMaps }), failure)
})

test('numbers that are no owner and no device are refused, not cut off', () => {
  // 2^32 - 1 means "leave it as it is" to the kernel: the file would be root's.
  for (const uid of [4_294_967_295, 4_294_967_296]) {
    assert.deepEqual(failureOf([file('f', '', { uid })]), {
      code: 'tar-invalid',
      problem: `${uid} is not the id of a user or a group`,
    })
  }
  assert.equal(failureOf([device('d', 5000, 1)]).code, 'tar-invalid')
})

test('under a mask everything is a file or a directory, and keeps what it should be in an attribute', () => {
  const { listing, contents } = applied(
    [
      directory('d/', { mode: 0o1750, uid: 5 }),
      file('d/f', 'x', { mode: 0o4755, uid: 6, gid: 7 }),
      device('null', 1, 3, { mode: 0o666 }),
      fifo('p'),
      symlink('s', 'x', { uid: 8 }),
      directory('/', { mode: 0o751, uid: 9 }),
    ],
    { forceMask: 0o700 },
  )
  const override = (name: string) =>
    /^(\S+ \S+ \S+) .*user\.containers\.override_stat=(\S+)$/.exec(listing[name] ?? '')?.slice(1)
  assert.deepEqual(override('d'), ['directory 700 0:0', '5:0:1750:dir'])
  assert.deepEqual(override('d/f'), ['file 700 0:0', '6:7:4755:file'])
  assert.deepEqual(override('null'), ['file 700 0:0', '0:0:0666:char-1-3'])
  assert.deepEqual(override('p'), ['file 700 0:0', '0:0:0644:pipe'])
  assert.deepEqual(override('.'), ['directory 700 0:0', '9:0:0751:dir'])
  assert.match(listing['s'] ?? '', /^symlink 777 0:0 /)
  assert.equal(contents['d/f'], 'x')
})

test('an entry for the root is passed over in an overlay when it is called ".", and applied when it is called "/"', () => {
  const facts = { mode: 0o711, uid: 4 }
  assert.match(applied([directory('./', facts)]).listing['.'] ?? '', /^directory 700 0:0 now/)
  assert.match(applied([directory('/', facts)]).listing['.'] ?? '', /^directory 711 4:0 1000000000000000000/)
  assert.match(applied([directory('./', facts)], {}, 'unpack-layer').listing['.'] ?? '', /^directory 711 4:0 /)
})

test('what lies in the way of an entry is removed, with all that is below it; a directory stays where one is told', () => {
  using trial = trialDirectory()
  const target: ApplyTarget = { directory: trial.path, semantics: 'unpack-layer' }
  apply(target, [
    directory('a/b/c/'),
    file('a/b/c/f'),
    symlink('link', '/nowhere'),
    file('f', 'old'),
    file('merged/old', 'old'),
  ])
  apply(target, [
    file('a', 'file'),
    directory('link/'),
    file('f', 'new'),
    directory('merged/'),
    file('merged/new', 'new'),
  ])
  assert.deepEqual(contentsOf(trial.path), {
    a: 'file',
    f: 'new',
    link: 'directory',
    merged: 'directory',
    'merged/new': 'new',
    'merged/old': 'old',
  })
})

test('a file that hard links of other layers share is replaced, not written into', () => {
  using trial = trialDirectory()
  const target: ApplyTarget = { directory: trial.path, semantics: 'unpack-layer' }
  apply(target, [file('kept', 'old'), hardLink('replaced', 'kept')])
  apply(target, [file('replaced', 'new')])
  assert.deepEqual(contentsOf(trial.path), { kept: 'old', replaced: 'new' })
})

test('a directory that the changeset removes again needs no time', () => {
  using trial = trialDirectory()
  apply({ directory: trial.path, semantics: 'unpack-layer' }, [directory('d/'), directory('d/e/'), whiteout('d')])
  assert.deepEqual(contentsOf(trial.path), {})
})

test('a directory that is not there is a fault that names it', () => {
  using trial = trialDirectory()
  const path = join(trial.path, 'missing')
  assert.throws(() => apply({ directory: path, semantics: 'overlay' }, []), {
    failure: { code: 'system', call: 'open', path, errno: 'ENOENT' },
  })
})

test('every descriptor is given back, after a failure too', () => {
  using trial = trialDirectory()
  const before = openDescriptors()
  for (let i = 0; i < 3; i++) {
    const directories = Array.from({ length: 100 }, (_, n) => file(`many/${n}/f`, 'x'))
    assert.throws(() =>
      apply({ directory: trial.path, semantics: 'overlay' }, [
        ...directories,
        symlink('s', 'x', { mtime: longAgo, linkPath: inLayer('') }),
      ]),
    )
  }
  assert.equal(openDescriptors(), before)
})

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}
