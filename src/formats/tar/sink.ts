import type { TarEntry } from './entry.ts'

/**
 * What a parser tells, synchronously and in order. All byte arrays are views that are only valid during the call.
 * For every header: `structure`* `entry` (`body`* `entryEnd`). At the end of input: `structure`* `end`.
 */
export interface TarSink {
  /** Every byte that is not an entry's body, as it stood: padding, extension headers with their data, headers, end blocks, trailing bytes. */
  structure?(bytes: Uint8Array): void
  entry(entry: TarEntry): void
  /** Logical body: for sparse files the expanded bytes. */
  body(bytes: Uint8Array): void
  entryEnd(): void
  end?(): void
}
