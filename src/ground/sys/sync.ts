import { failed } from './failed.ts'
import { bind } from './libc.ts'

export const SYNC_FILE_RANGE_WAIT_BEFORE = 1
export const SYNC_FILE_RANGE_WRITE = 2
export const SYNC_FILE_RANGE_WAIT_AFTER = 4

type OfDescriptor = (fd: number) => number
type SyncFileRange = (fd: number, offset: number, length: number, flags: number) => number

let callFsync: OfDescriptor | undefined
let callFdatasync: OfDescriptor | undefined
let callSyncfs: OfDescriptor | undefined
let callSyncFileRange: SyncFileRange | undefined

/** @throws ErrnoError */
export function fsync(fd: number): void {
  callFsync ??= bind<OfDescriptor>('fsync', 'int', 'int')
  if (callFsync(fd) < 0) throw failed('fsync')
}

/** @throws ErrnoError */
export function fdatasync(fd: number): void {
  callFdatasync ??= bind<OfDescriptor>('fdatasync', 'int', 'int')
  if (callFdatasync(fd) < 0) throw failed('fdatasync')
}

/** The whole file system that the descriptor is on. @throws ErrnoError */
export function syncfs(fd: number): void {
  callSyncfs ??= bind<OfDescriptor>('syncfs', 'int', 'int')
  if (callSyncfs(fd) < 0) throw failed('syncfs')
}

/** Starts writing a range out, so that a later sync finds less to do: no promise by itself. @throws ErrnoError */
export function syncFileRange(fd: number, offset: number, length: number, flags = SYNC_FILE_RANGE_WRITE): void {
  callSyncFileRange ??= bind<SyncFileRange>('sync_file_range', 'int', 'int', 'int64_t', 'int64_t', 'uint32_t')
  if (callSyncFileRange(fd, offset, length, flags) < 0) throw failed('sync_file_range')
}
