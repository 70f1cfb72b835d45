import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** What koffi passes and returns here: integers, and bytes by their address. A 64-bit result beyond 2^53 is a bigint. */
export type CType = 'int' | 'uint32_t' | 'int64_t' | 'size_t' | 'void *' | 'void'

/** The few members of koffi that are used. */
interface Koffi {
  load(path: null): { func(name: string, result: CType, parameters: readonly CType[]): unknown }
  errno(): number
}

let koffi: Koffi | undefined
let library: ReturnType<Koffi['load']> | undefined

/** Binds a function of the C library. Variadic ones are declared with the arguments that are passed: the registers are the same. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what a foreign function takes is known to who binds it
export function bind<F>(name: string, result: CType, ...parameters: readonly CType[]): F {
  koffi ??= loadKoffi()
  // The program's own symbols: glibc or musl, whichever Node runs on.
  library ??= koffi.load(null)
  return library.func(name, result, parameters) as F
}

/** `errno` of the last call. Ask at once, since other work may change it. */
export function errnoNow(): number {
  return koffi === undefined ? 0 : koffi.errno()
}

// The binary beside koffi, without koffi's own JavaScript, which costs 7 ms of every start to find it. Where the packages
// are laid out in another way, koffi finds it itself.
function loadKoffi(): Koffi {
  const require = createRequire(import.meta.url)
  const found: { exports: Partial<Koffi> } = { exports: {} }
  try {
    const packages = dirname(dirname(require.resolve('koffi')))
    const arch = process.arch
    process.dlopen(found, join(packages, '@koromix', `koffi-linux-${arch}`, `linux_${arch}`, 'koffi.node'))
  } catch {
    return require('koffi') as Koffi
  }
  return isKoffi(found.exports) ? found.exports : (require('koffi') as Koffi)
}

function isKoffi(exports: Partial<Koffi>): exports is Koffi {
  return typeof exports.load === 'function' && typeof exports.errno === 'function'
}
