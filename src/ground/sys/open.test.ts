import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AT_FDCWD } from './at-flags.ts'
import { Descriptor } from './descriptor.ts'
import { O_CREAT, O_DIRECTORY, O_RDONLY, O_RDWR, O_TMPFILE, O_WRONLY } from './open-flags.ts'
import {
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  openat,
  openat2,
} from './open.ts'
import { read } from './read-write.ts'
import { fstat } from './stat.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sys-open-'))
const rootPath = join(scratch, 'root')
let root: Descriptor

before(() => {
  mkdirSync(join(rootPath, 'etc'), { recursive: true })
  writeFileSync(join(rootPath, 'etc/name'), 'inside')
  mkdirSync(join(scratch, 'etc'))
  writeFileSync(join(scratch, 'etc/name'), 'outside')
  symlinkSync('/etc/name', join(rootPath, 'absolute'))
  symlinkSync('../etc/name', join(rootPath, 'upwards'))
  symlinkSync('etc/name', join(rootPath, 'relative'))
  root = new Descriptor(openat(AT_FDCWD, rootPath, O_RDONLY | O_DIRECTORY))
})
after(() => {
  root.close()
  rmSync(scratch, { recursive: true })
})

function contentOf(path: string, resolve: number): string {
  using file = new Descriptor(openat2(root.fd, path, O_RDONLY, 0, resolve))
  const buffer = Buffer.alloc(20)
  return buffer.toString('utf8', 0, read(file.fd, buffer))
}

test('in a root every way ends inside', () => {
  for (const path of ['etc/name', '/etc/name', '../etc/name', '../../../etc/name', 'absolute', 'upwards', 'relative']) {
    assert.equal(contentOf(path, RESOLVE_IN_ROOT), 'inside', path)
  }
})

test('beneath a directory a way out is refused', () => {
  assert.equal(contentOf('relative', RESOLVE_BENEATH), 'inside')
  for (const path of ['/etc/name', '../etc/name', 'absolute', 'upwards', 'etc/../../root/etc/name']) {
    const refused = { message: `openat2 ${path}: invalid cross-device link`, code: 'EXDEV' }
    assert.throws(() => contentOf(path, RESOLVE_BENEATH), refused)
  }
})

test('without symlinks, without magic links, without leaving the mount', () => {
  assert.throws(() => contentOf('relative', RESOLVE_NO_SYMLINKS), { code: 'ELOOP' })
  assert.throws(() => openat2(AT_FDCWD, '/proc/self/cwd', O_RDONLY, 0, RESOLVE_NO_MAGICLINKS), { code: 'ELOOP' })
  assert.throws(() => openat2(AT_FDCWD, '/proc/self', O_RDONLY, 0, RESOLVE_NO_XDEV), { code: 'EXDEV' })
})

test('a file made through openat2 has the mode asked for; a mode without creation is no error', () => {
  using made = new Descriptor(openat2(root.fd, '/made', O_WRONLY | O_CREAT, 0o600, RESOLVE_IN_ROOT))
  assert.equal(fstat(made.fd).mode & 0o777, 0o600)
  using found = new Descriptor(openat2(root.fd, 'made', O_RDONLY, 0o600, RESOLVE_IN_ROOT))
  assert.equal(fstat(found.fd).inode, fstat(made.fd).inode)
  using directory = new Descriptor(openat2(root.fd, 'etc', O_RDONLY | O_DIRECTORY, 0o600, RESOLVE_IN_ROOT))
  using unnamed = new Descriptor(openat2(directory.fd, '.', O_RDWR | O_TMPFILE, 0o640, RESOLVE_BENEATH))
  assert.equal(fstat(unnamed.fd).mode & 0o777, 0o640)
})

test('descriptors close with their scope, once, unless they are handed over', () => {
  const path = `/proc/self/fd`
  let number: number
  {
    using file = new Descriptor(openat(AT_FDCWD, rootPath, O_RDONLY))
    number = file.fd
    assert.match(readFileSync(`/proc/self/fdinfo/${number}`, 'utf8'), /flags:\s+0?2\d{6}/, 'close-on-exec')
    file.close()
  }
  const kept = new Descriptor(openat(AT_FDCWD, path, O_RDONLY))
  {
    using same = new Descriptor(kept.release())
    assert.equal(fstat(same.fd).mode & 0o170000, 0o040000)
  }
  kept.close()
  assert.throws(() => fstat(kept.fd), { code: 'EBADF' })
})
