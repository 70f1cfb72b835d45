import type { Cancellable } from '#model'

/** A stretch of a file that is kept open: `path` leads to it as long as its owner is not disposed. */
export interface FileStretch {
  readonly kind: 'file'
  readonly path: string
  readonly offset: number
  readonly length: number
}

/** Files that are found by relative names: a directory, or an archive that is read where it lies. */
export interface NamedFiles extends AsyncDisposable {
  /** For messages. */
  readonly description: string
  /** A regular file; undefined if there is nothing of this name. @throws Fault `path-escapes-root`, `archive-invalid` */
  find(name: string, options?: Cancellable): Promise<FileStretch | undefined>
}
