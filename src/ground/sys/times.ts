import { AT_SYMLINK_NOFOLLOW } from './at-flags.ts'
import { failed, refuseNul } from './failed.ts'
import { type KernelPath, terminated } from './kernel-path.ts'
import { bind } from './libc.ts'

/** Seconds since 1970 and the nanoseconds after them, 0–999999999 also before 1970. */
export interface FileTime {
  readonly seconds: number
  readonly nanoseconds: number
}

/** Leaves this time as it is. */
export const UTIME_OMIT = 0x3ffffffe
/** Sets this time to now. */
export const UTIME_NOW = 0x3fffffff

type Utimensat = (dirfd: number, path: Uint8Array, times: Uint8Array, flags: number) => number
type Futimens = (fd: number, times: Uint8Array) => number

let callUtimensat: Utimensat | undefined
let callFutimens: Futimens | undefined

/** Two struct timespec of 64-bit machines: access, modification. Little-endian, as both known machines are. */
const words = new Uint32Array(8)
const bytes = new Uint8Array(words.buffer)

/** To the nanosecond, of the symlink itself unless flags say otherwise. What the file system cannot hold it clamps. @throws ErrnoError */
export function utimensat(
  dirfd: number,
  path: KernelPath,
  access: FileTime,
  modification: FileTime,
  flags = AT_SYMLINK_NOFOLLOW,
): void {
  const name = terminated(path) ?? refuseNul('utimensat', path)
  callUtimensat ??= bind<Utimensat>('utimensat', 'int', 'int', 'void *', 'void *', 'int')
  fill(access, modification)
  if (callUtimensat(dirfd, name, bytes, flags) < 0) throw failed('utimensat', path)
}

/** The same by descriptor. @throws ErrnoError */
export function futimens(fd: number, access: FileTime, modification: FileTime): void {
  callFutimens ??= bind<Futimens>('futimens', 'int', 'int', 'void *')
  fill(access, modification)
  if (callFutimens(fd, bytes) < 0) throw failed('futimens')
}

function fill(access: FileTime, modification: FileTime): void {
  words[0] = access.seconds
  words[1] = Math.floor(access.seconds / 0x1_0000_0000)
  words[2] = access.nanoseconds
  words[4] = modification.seconds
  words[5] = Math.floor(modification.seconds / 0x1_0000_0000)
  words[6] = modification.nanoseconds
}
