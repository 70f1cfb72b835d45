import { numberOfCall } from './arch.ts'
import { errnoNumber } from './errno.ts'
import { failed } from './failed.ts'
import { bind, errnoNow } from './libc.ts'
import { SEEK_SET, lseek } from './space.ts'

/** What a directory says of a name. On file systems that do not record it, the type is `unknown`: ask for the status. */
export type EntryType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'char-device'
  | 'block-device'
  | 'fifo'
  | 'socket'
  | 'unknown'

export interface DirectoryEntry {
  /** The bytes of the name. */
  readonly name: Buffer
  readonly type: EntryType
  readonly inode: bigint
}

/** By the numbers of `d_type`. */
const types: Readonly<Record<number, EntryType>> = {
  1: 'fifo',
  2: 'char-device',
  4: 'directory',
  6: 'block-device',
  8: 'file',
  10: 'symlink',
  12: 'socket',
}

type Getdents64 = (call: number, fd: number, into: Uint8Array, size: number) => number

let callGetdents64: Getdents64 | undefined

const buffer = Buffer.alloc(65536)
const inodes = new BigUint64Array(buffer.buffer, buffer.byteOffset, buffer.length / 8)

/**
 * All names in an open directory but `.` and `..`, in the order of the file system, read anew from the beginning. A directory that
 * was removed after it had been opened has none. @throws ErrnoError
 */
export function listDirectory(fd: number): DirectoryEntry[] {
  callGetdents64 ??= bind<Getdents64>('syscall', 'int64_t', 'int64_t', 'int', 'void *', 'size_t')
  const entries: DirectoryEntry[] = []
  lseek(fd, 0, SEEK_SET)
  for (;;) {
    const length = callGetdents64(numberOfCall('getdents64'), fd, buffer, buffer.length)
    if (length > 0) addEntries(length, entries)
    else if (length === 0 || errnoNow() === errnoNumber('ENOENT')) return entries
    else throw failed('getdents64')
  }
}

// struct linux_dirent64, a multiple of eight bytes: u64 inode, s64 offset, u16 length, u8 type, the name with a NUL behind it.
function addEntries(length: number, entries: DirectoryEntry[]): void {
  // One copy for all names of this call, of which each is a view.
  const names = Buffer.from(buffer.subarray(0, length))
  for (let start = 0; start < length;) {
    const end = start + (buffer[start + 16] ?? 0) + (buffer[start + 17] ?? 0) * 256
    let nameEnd = start + 19
    while (buffer[nameEnd] !== 0) nameEnd++
    if (!isDotOrDotDot(start + 19, nameEnd)) {
      const name = names.subarray(start + 19, nameEnd)
      entries.push({ name, type: types[buffer[start + 18] ?? 0] ?? 'unknown', inode: inodes[start / 8] ?? 0n })
    }
    start = end
  }
}

function isDotOrDotDot(start: number, end: number): boolean {
  return buffer[start] === 0x2e && (end - start === 1 || (end - start === 2 && buffer[start + 1] === 0x2e))
}
