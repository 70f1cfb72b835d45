import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assert as check, nat, property } from 'fast-check'
import {
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  linkat,
  mkdirat,
  mknodat,
  readlinkat,
  renameat2,
  symlinkat,
  tryMkdirat,
  unlinkat,
} from './at-calls.ts'
import { AT_EMPTY_PATH, AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_FOLLOW } from './at-flags.ts'
import { Descriptor } from './descriptor.ts'
import { majorOf, makeDevice, minorOf } from './device.ts'
import { listDirectory } from './directory-list.ts'
import { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_PATH, O_RDONLY, O_RDWR, O_TMPFILE } from './open-flags.ts'
import { openat } from './open.ts'
import { fchmod, fchmodat, fchown, fchownat } from './ownership.ts'
import { pread, pwrite, read, write, writeFully } from './read-write.ts'
import { S_IFCHR, S_IFIFO, S_IFMT, S_IFREG, findModeAt, findStatusAt, fstat, fstatat, nanosecondsOf } from './stat.ts'
import { UTIME_OMIT, futimens, utimensat } from './times.ts'
import {
  fgetxattr,
  flistxattr,
  fremovexattr,
  fsetxattr,
  lgetxattr,
  llistxattr,
  lremovexattr,
  lsetxattr,
  pathBelow,
} from './xattr.ts'

const notRoot = process.geteuid?.() !== 0 && 'needs root'
const scratch = mkdtempSync(join(tmpdir(), 'sys-files-'))
after(() => rmSync(scratch, { recursive: true }))

let count = 0
/** A fresh directory, by path and by descriptor. */
function fresh(): Disposable & { readonly path: string; readonly fd: number } {
  count += 1
  const path = join(scratch, String(count))
  mkdirat(AT_FDCWD, path, 0o755)
  const directory = new Descriptor(openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY))
  return { path, fd: directory.fd, [Symbol.dispose]: () => directory.close() }
}

function create(dirfd: number, name: string, content = ''): Descriptor {
  const file = new Descriptor(openat(dirfd, name, O_RDWR | O_CREAT, 0o644))
  writeFully(file.fd, Buffer.from(content))
  return file
}

test('a character device 0:0 is a whiteout; other devices keep their numbers', { skip: notRoot }, () => {
  using dir = fresh()
  mknodat(dir.fd, 'whiteout', S_IFCHR | 0o600, makeDevice(0, 0))
  mknodat(dir.fd, 'device', S_IFCHR | 0o600, makeDevice(259, 70_000))
  mknodat(dir.fd, 'fifo', S_IFIFO | 0o600, 0)
  const shown = execFileSync('stat', ['-c', '%F %Hr:%Lr', 'whiteout', 'device', 'fifo'], {
    cwd: dir.path,
    encoding: 'utf8',
  })
  assert.deepEqual(shown.trim().split('\n'), [
    'character special file 0:0',
    'character special file 259:70000',
    'fifo 0:0',
  ])
  const { specialDevice, mode } = fstatat(dir.fd, 'device')
  assert.deepEqual([majorOf(specialDevice), minorOf(specialDevice), mode & S_IFMT], [259, 70_000, S_IFCHR])
  assert.throws(() => mknodat(dir.fd, 'beyond', S_IFCHR | 0o600, makeDevice(0x1000, 0)), { code: 'EINVAL' })
})

test('device numbers survive being made and taken apart', () => {
  check(
    property(nat(0xfffff), nat(0xfffffff), (major, minor) => {
      const device = makeDevice(major, minor)
      assert.deepEqual([majorOf(device), minorOf(device)], [major, minor])
    }),
  )
})

test('times are exact to the nanosecond, before 1970 and after 2106', () => {
  using dir = fresh()
  using file = create(dir.fd, 'file')
  const early = { seconds: -5, nanoseconds: 123_456_789 }
  const late = { seconds: 2 ** 33, nanoseconds: 999_999_999 }
  futimens(file.fd, early, late)
  const status = fstat(file.fd)
  assert.deepEqual([status.accessed, status.modified], [early, late])
  assert.equal(nanosecondsOf(status.accessed), -4_876_543_211n)
  assert.equal(lstatSync(join(dir.path, 'file'), { bigint: true }).mtimeNs, nanosecondsOf(late))

  utimensat(dir.fd, 'file', { seconds: 0, nanoseconds: UTIME_OMIT }, { seconds: 7, nanoseconds: 1 })
  assert.deepEqual(fstat(file.fd).accessed, early)
  assert.deepEqual(fstat(file.fd).modified, { seconds: 7, nanoseconds: 1 })
})

test('a symlink has its own owner, times and attributes; what it points to keeps its own', { skip: notRoot }, () => {
  using dir = fresh()
  using target = create(dir.fd, 'target')
  const before = fstat(target.fd)
  symlinkat('target', dir.fd, 'link')
  fchownat(dir.fd, 'link', 1000, 1001)
  utimensat(dir.fd, 'link', { seconds: 1, nanoseconds: 2 }, { seconds: 3, nanoseconds: 4 })
  lsetxattr(pathBelow(dir.fd, 'link'), 'trusted.overlay.opaque', Buffer.from('y'))

  const link = fstatat(dir.fd, 'link')
  assert.deepEqual([link.uid, link.gid, link.modified], [1000, 1001, { seconds: 3, nanoseconds: 4 }])
  assert.deepEqual(fstat(target.fd), before)
  assert.deepEqual(llistxattr(join(dir.path, 'link')), ['trusted.overlay.opaque'])
  assert.deepEqual(flistxattr(target.fd), [])
  assert.equal(readlinkat(dir.fd, 'link').toString(), 'target')
  using place = new Descriptor(openat(dir.fd, 'link', O_PATH | O_NOFOLLOW))
  assert.equal(readlinkat(place.fd, '').toString(), 'target')
  assert.equal(fstatat(dir.fd, 'link', 0).inode, before.inode)
})

test('attributes are bytes: empty, binary and as large as the kernel allows', () => {
  using dir = fresh()
  using file = create(dir.fd, 'file')
  const path = join(dir.path, 'file')
  const binary = Buffer.from([0, 255, 0, 1])
  fsetxattr(file.fd, 'user.binary', binary)
  lsetxattr(path, 'user.empty', Buffer.alloc(0))
  fsetxattr(file.fd, Buffer.from('user.r\xffw', 'latin1'), Buffer.alloc(3000, 'x'))
  assert.deepEqual(fgetxattr(file.fd, 'user.binary'), binary)
  assert.deepEqual(lgetxattr(path, 'user.empty'), Buffer.alloc(0))
  assert.equal(fgetxattr(file.fd, Buffer.from('user.r\xffw', 'latin1'))?.length, 3000)
  assert.equal(fgetxattr(file.fd, 'user.absent'), undefined)
  assert.deepEqual(new Set(flistxattr(file.fd)), new Set(['user.binary', 'user.empty', 'user.r\xffw']))
  fremovexattr(file.fd, 'user.binary')
  lremovexattr(path, 'user.empty')
  lremovexattr(path, 'user.empty')
  assert.deepEqual(llistxattr(path), ['user.r\xffw'])
  assert.throws(() => fsetxattr(file.fd, 'user.huge', Buffer.alloc(70_000)), { code: 'E2BIG' })
  assert.throws(() => lgetxattr(join(dir.path, 'nothing'), 'user.x'), { code: 'ENOENT' })
})

test('owner and mode, setuid included', { skip: notRoot }, () => {
  using dir = fresh()
  using file = create(dir.fd, 'file')
  fchown(file.fd, 4_000_000_000, 7)
  fchmod(file.fd, 0o4711)
  const { uid, gid, mode, links, size } = fstatat(dir.fd, 'file')
  assert.deepEqual(
    { uid, gid, mode, links, size },
    { uid: 4_000_000_000, gid: 7, mode: S_IFREG | 0o4711, links: 1, size: 0 },
  )
  fchmodat(dir.fd, 'file', 0o640)
  assert.equal(findModeAt(dir.fd, 'file'), S_IFREG | 0o640)
})

test('what is not there is found to be absent without an exception, other troubles are told', () => {
  using dir = fresh()
  using _file = create(dir.fd, 'file')
  assert.equal(findStatusAt(dir.fd, 'nothing'), undefined)
  assert.equal(findStatusAt(dir.fd, 'file/inside'), undefined)
  assert.equal(findModeAt(dir.fd, 'nothing'), -1)
  assert.throws(() => findModeAt(dir.fd, 'a'.repeat(300)), { code: 'ENAMETOOLONG' })
  assert.equal(tryMkdirat(dir.fd, 'file', 0o755), 17)
})

test('renames exchange two names, or refuse to replace one', () => {
  using dir = fresh()
  using _a = create(dir.fd, 'a', 'was a')
  using _b = create(dir.fd, 'b', 'was b')
  renameat2(dir.fd, 'a', dir.fd, 'b', RENAME_EXCHANGE)
  assert.equal(readFileSync(join(dir.path, 'a'), 'utf8'), 'was b')
  assert.throws(() => renameat2(dir.fd, 'a', dir.fd, 'b', RENAME_NOREPLACE), { message: 'rename a: file exists' })
})

test('a file without a name gets one when it is complete', () => {
  using dir = fresh()
  using file = new Descriptor(openat(dir.fd, '.', O_TMPFILE | O_RDWR, 0o600))
  writeFully(file.fd, Buffer.from('complete'))
  assert.deepEqual(listDirectory(dir.fd), [])
  linkat(AT_FDCWD, `/proc/self/fd/${file.fd}`, dir.fd, 'named', AT_SYMLINK_FOLLOW)
  assert.equal(readFileSync(join(dir.path, 'named'), 'utf8'), 'complete')
  linkat(file.fd, '', dir.fd, 'again', AT_EMPTY_PATH)
  assert.equal(fstat(file.fd).links, 2)
})

test('bytes are read and written in place, also in memory that threads share', () => {
  using dir = fresh()
  using file = create(dir.fd, 'file', 'hello')
  const shared = new Uint8Array(new SharedArrayBuffer(16)).fill(0x41)
  assert.equal(pwrite(file.fd, shared.subarray(3, 8), 2), 5)
  assert.equal(pread(file.fd, shared, 0), 7)
  assert.equal(Buffer.from(shared).toString(), 'heAAAAAAAAAAAAAA')
  assert.equal(pread(file.fd, shared, 7), 0)
  assert.equal(write(file.fd, Buffer.from('tail'), 2), 2)
  assert.equal(read(file.fd, Buffer.alloc(1)), 0)
  assert.equal(readFileSync(join(dir.path, 'file'), 'utf8'), 'heAAAta')
  assert.throws(() => write(file.fd, Buffer.alloc(4), 5), RangeError)
  assert.throws(() => pread(file.fd, Buffer.alloc(4), 0, -1), RangeError)
})

test('a directory is listed with types and raw names, more than fit into one call', () => {
  using dir = fresh()
  symlinkSync('x', join(dir.path, 'link'))
  mkdirat(dir.fd, 'directory', 0o755)
  const raw = Buffer.from([0xff, 0x2e])
  mkdirat(dir.fd, raw, 0o755)
  const long = 'long name '.repeat(20)
  for (let i = 0; i < 500; i++) writeFileSync(join(dir.path, `${long}${i}`), '')
  for (const _ of ['once', 'twice']) {
    const types = new Map(listDirectory(dir.fd).map((entry) => [entry.name.toString('latin1'), entry.type]))
    assert.equal(types.size, 503)
    assert.deepEqual(
      [types.get('link'), types.get('directory'), types.get('\xff.')],
      ['symlink', 'directory', 'directory'],
    )
    assert.equal(types.get(`${long}499`), 'file')
  }
  unlinkat(dir.fd, raw, AT_REMOVEDIR)
  assert.equal(existsSync(join(dir.path, 'directory')), true)
})

test('a directory that was removed while it is open has no names', () => {
  using dir = fresh()
  unlinkat(AT_FDCWD, dir.path, AT_REMOVEDIR)
  assert.deepEqual(listDirectory(dir.fd), [])
  using file = create(AT_FDCWD, join(scratch, 'no directory'))
  assert.throws(() => listDirectory(file.fd), { code: 'ENOTDIR' })
})
