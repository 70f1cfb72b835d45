import type { TarSink } from './sink.ts'

/** One parser, two listeners: everything is told to the first, then to the second. */
export function fanOut(first: TarSink, second: TarSink): TarSink {
  return {
    structure(bytes) {
      first.structure?.(bytes)
      second.structure?.(bytes)
    },
    entry(entry) {
      first.entry(entry)
      second.entry(entry)
    },
    body(bytes) {
      first.body(bytes)
      second.body(bytes)
    },
    entryEnd() {
      first.entryEnd()
      second.entryEnd()
    },
    archiveEnd() {
      first.archiveEnd?.()
      second.archiveEnd?.()
    },
    end() {
      first.end?.()
      second.end?.()
    },
  }
}
