import { numberOfCall } from './arch.ts'
import { ErrnoError } from './errno-error.ts'
import { errnoNumber } from './errno.ts'
import { ioctl, ioctlStructure } from './ioctl.ts'
import { bind, errnoNow } from './libc.ts'

const FICLONE = 0x40049409
const FICLONERANGE = 0x4020940d

export interface CloneRange {
  readonly from: number
  readonly offset: number
  /** 0 means up to the end. */
  readonly length: number
  readonly destination: number
}

/** Makes the file `to` share all blocks of the file `from`. @throws ErrnoError `EOPNOTSUPP`, `EXDEV`, `EINVAL` where it cannot be */
export function ficlone(to: number, from: number): void {
  ioctl(to, FICLONE, from, 'ficlone')
}

/** Shares a range; offsets and lengths are multiples of the block size, but for the end of the file. @throws ErrnoError */
export function ficloneRange(to: number, range: CloneRange): void {
  const structure = new Uint8Array(32)
  const words = new BigInt64Array(structure.buffer)
  words[0] = BigInt(range.from)
  words[1] = BigInt(range.offset)
  words[2] = BigInt(range.length)
  words[3] = BigInt(range.destination)
  ioctlStructure(to, FICLONERANGE, structure, 'ficlonerange')
}

type CopyFileRange = (
  call: number,
  from: number,
  fromOffset: Uint8Array | null,
  to: number,
  toOffset: Uint8Array | null,
  length: number,
  flags: number,
) => number

let callCopyFileRange: CopyFileRange | undefined

/** Copies inside the kernel, from and to the current places of both files. Returns how much; 0 at the end. @throws ErrnoError */
export function copyFileRange(from: number, to: number, length: number): number {
  callCopyFileRange ??= bind<CopyFileRange>(
    'syscall',
    'int64_t',
    'int64_t',
    'int',
    'void *',
    'int',
    'void *',
    'size_t',
    'uint32_t',
  )
  for (;;) {
    const count = callCopyFileRange(numberOfCall('copy_file_range'), from, null, to, null, length, 0)
    if (count >= 0) return count
    const errno = errnoNow()
    if (errno !== errnoNumber('EINTR')) throw new ErrnoError('copy_file_range', undefined, errno)
  }
}
