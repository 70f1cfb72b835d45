import { failed, refuseNul } from './failed.ts'
import { type KernelPath, terminated } from './kernel-path.ts'
import { bind } from './libc.ts'

export interface FileSystemStatus {
  /** The magic number of the type: 0xef53 for ext4. */
  readonly type: number
  readonly blockSize: number
  readonly blocks: number
  readonly freeBlocks: number
  /** Free for those who are not root. */
  readonly availableBlocks: number
  readonly files: number
  readonly freeFiles: number
}

type Statfs = (path: Uint8Array, into: Uint8Array) => number
type Fstatfs = (fd: number, into: Uint8Array) => number

let callStatfs: Statfs | undefined
let callFstatfs: Fstatfs | undefined

/** struct statfs of 64-bit machines: 15 words at most. */
const words = new BigUint64Array(16)
const bytes = new Uint8Array(words.buffer)

/** @throws ErrnoError */
export function statfs(path: KernelPath): FileSystemStatus {
  const name = terminated(path) ?? refuseNul('statfs', path)
  callStatfs ??= bind<Statfs>('statfs', 'int', 'void *', 'void *')
  if (callStatfs(name, bytes) < 0) throw failed('statfs', path)
  return status()
}

/** @throws ErrnoError */
export function fstatfs(fd: number): FileSystemStatus {
  callFstatfs ??= bind<Fstatfs>('fstatfs', 'int', 'int', 'void *')
  if (callFstatfs(fd, bytes) < 0) throw failed('fstatfs')
  return status()
}

function status(): FileSystemStatus {
  const number = (index: number): number => Number(words[index] ?? 0n)
  return {
    type: number(0),
    blockSize: number(1),
    blocks: number(2),
    freeBlocks: number(3),
    availableBlocks: number(4),
    files: number(5),
    freeFiles: number(6),
  }
}
