import type { TarEntry } from './entry.ts'

/**
 * What a parser tells, synchronously and in order. All byte arrays are views that are only valid during the call.
 * For every header, with or without a body: `structure`* `entry` `body`* `entryEnd`.
 * At the end: `structure`* `archiveEnd` `structure`* `end`.
 */
export interface TarSink {
  /**
   * Every byte that is not an entry's body, as it stood: padding, extension headers with their data, headers, end blocks,
   * trailing bytes. The map that PAX sparse format 1.0 puts in front of the data is a part of the body as stored: it is not told.
   */
  structure?(bytes: Uint8Array): void
  entry(entry: TarEntry): void
  /** Logical body: for sparse files the expanded bytes. */
  body(bytes: Uint8Array): void
  entryEnd(): void
  /** Once: the end blocks, or the end of the input without them, have been told. `structure` after this is what trails the archive. */
  archiveEnd?(): void
  end?(): void
}
