import { timestampOfNanoseconds } from '#model'
import type { MergedFile } from '#store'

const types: Readonly<Record<number, readonly [letter: string, word: string]>> = {
  0o140000: ['s', 'socket'],
  0o120000: ['l', 'symlink'],
  0o100000: ['-', 'file'],
  0o060000: ['b', 'block-device'],
  0o040000: ['d', 'directory'],
  0o020000: ['c', 'char-device'],
  0o010000: ['p', 'fifo'],
}

export interface FileWords {
  readonly type: string
  /** As ls(1) prints them: `drwxr-xr-t`. */
  readonly letters: string
  /** Bytes, or the two numbers of a device. */
  readonly size: string
  readonly time: string
}

/** A file's status in words. */
export function fileWords({ status }: MergedFile): FileWords {
  const [letter, type] = types[status.mode & 0o170000] ?? ['?', 'unknown']
  const { seconds, nanoseconds } = status.modified
  const device = status.specialDevice
  const size =
    letter === 'c' || letter === 'b'
      ? `${(device >>> 8) & 0xfff}, ${(device & 0xff) | ((device >>> 12) & 0xfff00)}`
      : String(status.size)
  return {
    type,
    letters: letter + rights(status.mode),
    size,
    time: timestampOfNanoseconds(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds)),
  }
}

function rights(mode: number): string {
  const triple = (shift: number, special: number, letter: string): string => {
    const bits = (mode >> shift) & 7
    const isSpecial = (mode & special) !== 0
    const last = isSpecial ? ((bits & 1) === 0 ? letter.toUpperCase() : letter) : (bits & 1) === 0 ? '-' : 'x'
    return `${(bits & 4) === 0 ? '-' : 'r'}${(bits & 2) === 0 ? '-' : 'w'}${last}`
  }
  return triple(6, 0o4000, 's') + triple(3, 0o2000, 's') + triple(0, 0o1000, 't')
}
