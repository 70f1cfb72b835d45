import { ErrnoError } from '#ground/sys'
import { type Failure, Fault } from '#model'

/** An error as plain data, to cross from one thread to another and be the same error there. */
export type ErrorParcel = { readonly stack?: string; readonly cause?: ErrorParcel } & (
  | { readonly kind: 'fault'; readonly failure: Failure }
  | { readonly kind: 'errno'; readonly call: string; readonly path: string; readonly errno: number }
  | {
      readonly kind: 'error'
      readonly name: string
      readonly message: string
      /** Own fields that are plain, such as `code` and `syscall` of Node's system errors. */
      readonly fields: Readonly<Record<string, unknown>>
    }
)

/** Causes of causes are followed so far: a chain that bites its own tail must end somewhere. */
const deepestCause = 8

export function parcelOf(error: unknown, depth = 0): ErrorParcel {
  if (!(error instanceof Error)) return { kind: 'error', name: 'Error', message: String(error), fields: {} }
  const stack = error.stack === undefined ? {} : { stack: error.stack }
  const hasCause = error.cause !== undefined && depth < deepestCause
  const cause = hasCause ? { cause: parcelOf(error.cause, depth + 1) } : {}
  if (error instanceof Fault) return { kind: 'fault', failure: error.failure, ...stack, ...cause }
  if (error instanceof ErrnoError) {
    return { kind: 'errno', call: error.call, path: error.path, errno: error.errno, ...stack, ...cause }
  }
  return { kind: 'error', name: error.name, message: error.message, fields: plainFields(error), ...stack, ...cause }
}

/** The error that `parcelOf` was given: same class, same data, same cause, and the stack of the thread that threw it. */
export function errorOf(parcel: ErrorParcel): Error {
  const cause = parcel.cause === undefined ? {} : { cause: errorOf(parcel.cause) }
  const error = withoutStack(parcel, cause)
  if (parcel.stack !== undefined) error.stack = parcel.stack
  return error
}

function withoutStack(parcel: ErrorParcel, cause: { readonly cause?: Error }): Error {
  switch (parcel.kind) {
    case 'fault':
      return new Fault(parcel.failure, cause)
    case 'errno':
      return Object.assign(new ErrnoError(parcel.call, parcel.path, parcel.errno), cause)
    case 'error': {
      const error = Object.assign(new Error(parcel.message, cause), parcel.fields)
      return Object.defineProperty(error, 'name', { value: parcel.name, configurable: true, writable: true })
    }
  }
}

function plainFields(error: Error): Record<string, unknown> {
  const own = Object.entries(error)
  return Object.fromEntries(own.filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)))
}
