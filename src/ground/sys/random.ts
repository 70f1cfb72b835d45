import { failed } from './failed.ts'
import { bind } from './libc.ts'

type Getrandom = (into: Uint8Array, length: number, flags: number) => number

let callGetrandom: Getrandom | undefined

/** Fills at most 256 bytes with what nobody can guess. Node's own crypto takes longer to load than most commands run. @throws ErrnoError */
export function fillRandomly(bytes: Uint8Array): void {
  if (bytes.length > 256) throw new RangeError('the kernel promises no more than 256 bytes at once')
  callGetrandom ??= bind<Getrandom>('getrandom', 'int64_t', 'void *', 'size_t', 'uint32_t')
  if (callGetrandom(bytes, bytes.length, 0) < 0) throw failed('getrandom')
}

/** A whole number below 2^32 that nobody can guess, for names of temporary files. @throws ErrnoError */
export function randomNumber(): number {
  const word = new Uint32Array(1)
  fillRandomly(new Uint8Array(word.buffer))
  return word[0] ?? 0
}
