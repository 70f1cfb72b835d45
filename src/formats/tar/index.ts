export type { TarEntry, TarEntryKind, TarTime } from './entry.ts'
export type { TarSink } from './sink.ts'
