/** Numbers of system calls that C libraries of today need not have by name. From 424 on they are equal on all machines. */
type NumberedCall = 'renameat2' | 'copy_file_range' | 'getdents64'

const numbers: Readonly<Record<string, Readonly<Record<NumberedCall, number>>>> = {
  x64: { renameat2: 316, copy_file_range: 326, getdents64: 217 },
  arm64: { renameat2: 276, copy_file_range: 285, getdents64: 61 },
}

export const OPEN_TREE = 428
export const MOVE_MOUNT = 429
export const FSOPEN = 430
export const FSCONFIG = 431
export const FSMOUNT = 432
export const OPENAT2 = 437
export const MOUNT_SETATTR = 442

/** @throws Error on a machine that nobody has tried this on */
export function numberOfCall(call: NumberedCall): number {
  const found = numbers[process.arch]
  if (found === undefined) throw new Error(`system calls on ${process.arch} are not known`)
  return found[call]
}
