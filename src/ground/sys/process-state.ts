import { readFileSync } from 'node:fs'
import { bind } from './libc.ts'

type Umask = (mask: number) => number
let callUmask: Umask | undefined

/** Sets the mask of permission bits of the whole process, all threads of it, and returns the one before. */
export function umask(mask: number): number {
  callUmask ??= bind<Umask>('umask', 'uint32_t', 'uint32_t')
  return callUmask(mask)
}

export function effectiveUserId(): number {
  return process.geteuid?.() ?? 0
}

export const CAP_SYS_ADMIN = 21

/** Whether this thread has the capability in effect (capabilities(7)). */
export function hasCapability(capability: number): boolean {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))
  return ((BigInt(`0x${line?.[1] ?? '0'}`) >> BigInt(capability)) & 1n) === 1n
}
