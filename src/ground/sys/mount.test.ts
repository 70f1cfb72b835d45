import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AT_FDCWD, AT_RECURSIVE } from './at-flags.ts'
import { Descriptor } from './descriptor.ts'
import { parseMountInfo, readMountInfo } from './mount-info.ts'
import { isMountpoint } from './mount-point.ts'
import { MNT_DETACH, MS_BIND, MS_PRIVATE, MS_RDONLY, MS_REMOUNT, mount, umount2 } from './mount.ts'
import {
  MOUNT_ATTR_IDMAP,
  MOUNT_ATTR_RDONLY,
  OPEN_TREE_CLONE,
  fsconfigCreate,
  fsconfigSet,
  fsconfigSetDescriptor,
  fsmount,
  fsopen,
  mountSetattr,
  moveMount,
  openTree,
} from './new-mount-api.ts'
import { O_DIRECTORY, O_PATH, O_RDONLY } from './open-flags.ts'
import { openat } from './open.ts'

const notRoot = process.geteuid?.() !== 0 && 'needs root'
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'sys-mount-')))
after(() => {
  for (const { mountpoint } of readMountInfo().toReversed()) {
    if (mountpoint.startsWith(scratch)) umount2(mountpoint, MNT_DETACH)
  }
  rmSync(scratch, { recursive: true })
})

let count = 0
function fresh(): string {
  count += 1
  const path = join(scratch, String(count))
  mkdirSync(path)
  return path
}

function directoryIn(parent: string, name: string): string {
  const path = join(parent, name)
  mkdirSync(path)
  return path
}

test('a bind mount is seen as a mount point until it is detached', { skip: notRoot }, () => {
  const path = fresh()
  const target = directoryIn(path, 'with space\tand \\ more')
  symlinkSync(target, join(path, 'link'))
  assert.equal(isMountpoint(target), false)
  mount({ source: path, target, flags: MS_BIND })
  mount({ source: 'none', target, flags: MS_PRIVATE })
  assert.deepEqual([isMountpoint(target), isMountpoint(join(path, 'link')), isMountpoint('/')], [true, true, true])
  const seen = readMountInfo().find((info) => info.mountpoint === target)
  assert.deepEqual([seen?.root.endsWith(path), seen?.optional], [true, []])
  mount({ source: 'none', target, flags: MS_BIND | MS_REMOUNT | MS_RDONLY })
  assert.throws(() => writeFileSync(join(target, 'file'), ''), { code: 'EROFS' })
  umount2(target, MNT_DETACH)
  assert.equal(isMountpoint(target), false)
  assert.throws(() => umount2(target), { code: 'EINVAL', message: `umount ${target}: invalid argument` })
  assert.throws(() => isMountpoint(join(path, 'nothing')), { code: 'ENOENT' })
})

test('a file can be a mount point', { skip: notRoot }, () => {
  const path = fresh()
  for (const name of ['a', 'b']) writeFileSync(join(path, name), name)
  mount({ source: join(path, 'a'), target: join(path, 'b'), flags: MS_BIND })
  assert.deepEqual([isMountpoint(join(path, 'a')), isMountpoint(join(path, 'b'))], [false, true])
  assert.equal(readFileSync(join(path, 'b'), 'utf8'), 'a')
  umount2(join(path, 'b'))
})

test('an overlay of 300 lowers is mounted through the new calls, by path and by descriptor', { skip: notRoot }, () => {
  const path = fresh()
  const [upper, work, merged] = ['upper', 'work', 'merged'].map((name) => directoryIn(path, name))
  const lowers = Array.from({ length: 300 }, (_, i) => directoryIn(path, `a directory whose name is rather long ${i}`))
  for (const [i, lower] of lowers.entries()) writeFileSync(join(lower, `file${i}`), String(i))
  using context = new Descriptor(fsopen('overlay'))
  for (const lower of lowers) fsconfigSet(context.fd, 'lowerdir+', lower)
  fsconfigSet(context.fd, 'upperdir', upper ?? '')
  fsconfigSet(context.fd, 'workdir', work ?? '')
  fsconfigSet(context.fd, 'metacopy', 'on')
  fsconfigCreate(context.fd)
  using tree = new Descriptor(fsmount(context.fd))
  moveMount(tree.fd, AT_FDCWD, merged ?? '')
  const read = (name: string): string => readFileSync(join(merged ?? '', name), 'utf8')
  assert.deepEqual([read('file0'), read('file299')], ['0', '299'])
  const options = readMountInfo().find((info) => info.mountpoint === merged)?.superOptions
  assert.match(options ?? '', /metacopy=on/)
  umount2(merged ?? '', MNT_DETACH)

  using again = new Descriptor(fsopen('overlay'))
  using lower = new Descriptor(openat(AT_FDCWD, lowers[7] ?? '', O_PATH | O_DIRECTORY))
  using other = new Descriptor(openat(AT_FDCWD, lowers[8] ?? '', O_PATH | O_DIRECTORY))
  fsconfigSetDescriptor(again.fd, 'lowerdir+', lower.fd)
  fsconfigSetDescriptor(again.fd, 'lowerdir+', other.fd)
  fsconfigCreate(again.fd)
  using readOnly = new Descriptor(fsmount(again.fd, MOUNT_ATTR_RDONLY))
  moveMount(readOnly.fd, AT_FDCWD, merged ?? '')
  assert.deepEqual([read('file7'), existsSync(join(merged ?? '', 'file9'))], ['7', false])
  umount2(merged ?? '', MNT_DETACH)
})

test('what the kernel says of a refused option is in the error', { skip: notRoot }, () => {
  using context = new Descriptor(fsopen('overlay'))
  assert.throws(() => fsconfigSet(context.fd, 'no_such_option', 'x'), {
    code: 'EINVAL',
    message: /^fsconfig no_such_option: invalid argument \(overlay: Unknown parameter 'no_such_option'\)$/,
  })
  assert.throws(() => fsconfigCreate(context.fd), { code: 'EINVAL', message: /^fsconfig: invalid argument/ })
  assert.throws(() => fsopen('no such file system'), { code: 'ENODEV' })
})

/** A process in a user namespace of its own, in which our ids from 100000 on are 0 and up. */
async function userNamespace(): Promise<{ readonly path: string; readonly process: ChildProcess }> {
  const holder = spawn('unshare', ['--user', 'sh', '-c', 'echo ready; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${holder.pid}/${map}`, '0 100000 65536\n')
  return { path: `/proc/${holder.pid}/ns/user`, process: holder }
}

test('a cloned tree shows other owners through an id map, and nobody can write to it', { skip: notRoot }, async () => {
  const path = fresh()
  const mapped = directoryIn(path, 'mapped')
  const source = directoryIn(path, 'source')
  writeFileSync(join(source, 'file'), '')
  const namespace = await userNamespace()
  {
    using tree = new Descriptor(openTree(AT_FDCWD, source, OPEN_TREE_CLONE))
    using fd = new Descriptor(openat(AT_FDCWD, namespace.path, O_RDONLY))
    const attributes = { set: MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY, propagation: MS_PRIVATE, userNamespace: fd.fd }
    mountSetattr(tree.fd, attributes, AT_RECURSIVE)
    moveMount(tree.fd, AT_FDCWD, mapped)
  }
  namespace.process.kill('SIGKILL')
  assert.equal(statSync(join(mapped, 'file')).uid, 100_000)
  assert.throws(() => writeFileSync(join(mapped, 'new'), ''), { code: 'EROFS' })
  umount2(mapped, MNT_DETACH)
})

test('lines of mountinfo are read as they stand, and what is none is left out', () => {
  const text = [
    String.raw`36 35 98:0 /mnt1 /mnt2\040x\134 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue`,
    '22 1 0:21 / / rw - overlay - rw,lowerdir=/a:/b',
    '23 1 0:21 / /odd rw shared:9 - fuse.x  rw',
    'not a line',
    '',
  ].join('\n')
  assert.deepEqual(parseMountInfo(text), [
    {
      id: 36,
      parent: 35,
      major: 98,
      minor: 0,
      root: '/mnt1',
      mountpoint: '/mnt2 x\\',
      options: 'rw,noatime',
      optional: ['master:1', 'shared:2'],
      type: 'ext3',
      source: '/dev/root',
      superOptions: 'rw,errors=continue',
    },
    {
      id: 22,
      parent: 1,
      major: 0,
      minor: 21,
      root: '/',
      mountpoint: '/',
      options: 'rw',
      optional: [],
      type: 'overlay',
      source: '-',
      superOptions: 'rw,lowerdir=/a:/b',
    },
    {
      id: 23,
      parent: 1,
      major: 0,
      minor: 21,
      root: '/',
      mountpoint: '/odd',
      options: 'rw',
      optional: ['shared:9'],
      type: 'fuse.x',
      source: '',
      superOptions: 'rw',
    },
  ])
})
