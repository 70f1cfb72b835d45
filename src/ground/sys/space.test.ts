import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AT_FDCWD } from './at-flags.ts'
import { Descriptor } from './descriptor.ts'
import { FS_APPEND_FL, FS_IMMUTABLE_FL, clearImmutability, inodeFlags, setInodeFlags } from './inode-flags.ts'
import { isErrno } from './is-errno.ts'
import { umount2 } from './mount.ts'
import { O_CREAT, O_RDONLY, O_RDWR } from './open-flags.ts'
import { openat } from './open.ts'
import { pwrite, writeFully } from './read-write.ts'
import { copyFileRange, ficlone, ficloneRange } from './reflink.ts'
import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  SEEK_END,
  SEEK_SET,
  fallocate,
  ftruncate,
  lseek,
  seekData,
  seekHole,
} from './space.ts'
import { fstat } from './stat.ts'
import { fstatfs, statfs } from './statfs.ts'
import { fdatasync, fsync, syncFileRange, syncfs } from './sync.ts'

const notRoot = process.geteuid?.() !== 0 && 'needs root'
const scratch = mkdtempSync(join(tmpdir(), 'sys-space-'))
after(() => rmSync(scratch, { recursive: true }))

function create(path: string, content: Uint8Array = Buffer.alloc(0)): Descriptor {
  const file = new Descriptor(openat(AT_FDCWD, path, O_RDWR | O_CREAT, 0o644))
  writeFully(file.fd, content)
  return file
}

test('data and holes are found where they are', () => {
  using file = create(join(scratch, 'sparse'))
  const mebibyte = 1 << 20
  ftruncate(file.fd, 4 * mebibyte)
  pwrite(file.fd, Buffer.alloc(65536, 'x'), 2 * mebibyte)
  assert.deepEqual(
    [
      seekData(file.fd, 0),
      seekHole(file.fd, 2 * mebibyte),
      seekData(file.fd, 3 * mebibyte),
      seekHole(file.fd, 4 * mebibyte),
    ],
    [2 * mebibyte, 2 * mebibyte + 65536, undefined, undefined],
  )
  assert.ok(fstat(file.fd).blocks * 512 <= 2 * 65536)
  fallocate(file.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * mebibyte, 65536)
  assert.equal(seekData(file.fd, 0), undefined)
  fallocate(file.fd, 0, 0, 8 * mebibyte)
  assert.equal(fstat(file.fd).size, 8 * mebibyte)
  assert.equal(lseek(file.fd, 0, SEEK_END), 8 * mebibyte)
  ftruncate(file.fd, 2 ** 40)
  assert.equal(fstat(file.fd).size, 2 ** 40)
  assert.throws(() => ftruncate(file.fd, -1), { code: 'EINVAL' })
})

test('bytes are copied inside the kernel', () => {
  const content = Buffer.alloc(100_000, 'copy me')
  using from = create(join(scratch, 'from'), content)
  using to = create(join(scratch, 'to'))
  lseek(from.fd, 0, SEEK_SET)
  let copied = 0
  for (let count = -1; count !== 0; copied += count) count = copyFileRange(from.fd, to.fd, content.length)
  assert.equal(copied, content.length)
  assert.deepEqual(readFileSync(join(scratch, 'to')), content)
})

test(
  'blocks are shared on a file system that can, and refused with a reason on one that cannot',
  { skip: notRoot },
  (t) => {
    const image = join(scratch, 'btrfs.img')
    const mountpoint = join(scratch, 'btrfs')
    mkdirSync(mountpoint)
    execFileSync('truncate', ['-s', '120M', image])
    execFileSync('mkfs.btrfs', ['-q', image])
    try {
      execFileSync('mount', ['-o', 'loop', image, mountpoint], { stdio: 'pipe' })
    } catch (error) {
      t.skip(`no loop device: ${String(error)}`)
      return
    }
    try {
      assert.equal(statfs(mountpoint).type, 0x9123683e)
      const content = Buffer.alloc(1 << 20, 'shared')
      using from = create(join(mountpoint, 'from'), content)
      using whole = create(join(mountpoint, 'whole'))
      ficlone(whole.fd, from.fd)
      assert.deepEqual(readFileSync(join(mountpoint, 'whole')), content)
      using part = create(join(mountpoint, 'part'))
      ficloneRange(part.fd, { from: from.fd, offset: 4096, length: 8192, destination: 4096 })
      assert.deepEqual(
        readFileSync(join(mountpoint, 'part')),
        Buffer.concat([Buffer.alloc(4096), content.subarray(4096, 12_288)]),
      )
      using elsewhere = create(join(scratch, 'elsewhere'))
      assert.throws(
        () => ficlone(elsewhere.fd, from.fd),
        (error) => isErrno(error, 'EXDEV', 'EOPNOTSUPP'),
      )
    } finally {
      umount2(mountpoint)
    }
  },
)

test('a file system tells its type and its room', () => {
  using file = create(join(scratch, 'any'))
  const status = statfs(scratch)
  assert.equal(fstatfs(file.fd).type, status.type)
  const shown = execFileSync('stat', ['-f', '-c', '%t %S %b %c', scratch], { encoding: 'utf8' }).trim()
  assert.equal([status.type.toString(16), status.blockSize, status.blocks, status.files].join(' '), shown)
  assert.ok(status.freeBlocks >= status.availableBlocks && status.availableBlocks > 0)
})

test('everything can be synced', () => {
  using file = create(join(scratch, 'synced'), Buffer.alloc(10_000))
  syncFileRange(file.fd, 0, 0)
  fdatasync(file.fd)
  fsync(file.fd)
  using directory = new Descriptor(openat(AT_FDCWD, scratch, O_RDONLY))
  fsync(directory.fd)
  assert.throws(() => syncfs(-1), { code: 'EBADF', message: 'syncfs: bad file descriptor' })
})

test('immutable files are made mutable again', { skip: notRoot }, () => {
  using file = create(join(scratch, 'immutable'))
  setInodeFlags(file.fd, inodeFlags(file.fd) | FS_IMMUTABLE_FL | FS_APPEND_FL)
  assert.throws(() => rmSync(join(scratch, 'immutable')), { code: 'EPERM' })
  assert.equal(clearImmutability(AT_FDCWD, join(scratch, 'immutable')), true)
  assert.equal(clearImmutability(AT_FDCWD, join(scratch, 'immutable')), false)
  assert.equal(clearImmutability(AT_FDCWD, '/dev/null'), false)
})
