import { describe } from './describe.ts'

/** Every way this program can fail, on one page, with the data to act on it. Texts are in `describe.ts`. */
export type Failure =
  // Words that do not parse
  | { readonly code: 'digest-invalid'; readonly text: string; readonly problem: string }
  | { readonly code: 'id-invalid'; readonly kind: string; readonly text: string }
  | { readonly code: 'timestamp-invalid'; readonly text: string }
  | { readonly code: 'reference-invalid'; readonly text: string; readonly problem: string }
  | { readonly code: 'option-invalid'; readonly option: string; readonly problem: string }
  | { readonly code: 'id-map-invalid'; readonly problem: string }
  | { readonly code: 'store-options-missing'; readonly problem: string }
  | { readonly code: 'configuration-invalid'; readonly file: string; readonly problem: string }
  // What is not there, or there already
  | { readonly code: 'layer-unknown'; readonly layer: string }
  | { readonly code: 'image-unknown'; readonly image: string }
  | { readonly code: 'container-unknown'; readonly container: string }
  | { readonly code: 'object-unknown'; readonly name: string }
  | { readonly code: 'name-ambiguous'; readonly name: string; readonly candidates: readonly string[] }
  | { readonly code: 'not-a'; readonly kind: 'layer' | 'image' | 'container' | 'id'; readonly name: string }
  | {
      readonly code: 'big-data-unknown'
      readonly kind: 'layer' | 'image' | 'container'
      readonly id: string
      readonly key: string
    }
  | { readonly code: 'big-data-name-empty'; readonly kind: 'layer' | 'image' | 'container' }
  | { readonly code: 'big-data-size-unknown'; readonly key: string }
  | { readonly code: 'big-data-digest-unknown'; readonly key: string }
  | { readonly code: 'file-unknown'; readonly path: string; readonly problem?: string }
  | { readonly code: 'id-in-use'; readonly kind: 'layer' | 'image' | 'container'; readonly id: string }
  | {
      readonly code: 'name-in-use'
      readonly kind: 'layer' | 'image' | 'container'
      readonly name: string
      readonly owner: string
    }
  // What other things need
  | { readonly code: 'layer-has-children'; readonly layer: string; readonly child: string }
  | {
      readonly code: 'layer-in-use'
      readonly layer: string
      readonly by: 'image' | 'container' | 'mount'
      readonly user: string
    }
  | { readonly code: 'image-in-use'; readonly image: string; readonly container: string }
  | { readonly code: 'parent-is-container'; readonly parent: string }
  | { readonly code: 'layer-not-mounted'; readonly layer: string }
  | { readonly code: 'image-layer-differs'; readonly image: string; readonly present: string; readonly wanted: string }
  | {
      readonly code: 'layer-content-differs'
      readonly layer: string
      readonly present: string
      readonly wanted: string
    }
  | { readonly code: 'parent-maps-changed'; readonly parent: string }
  | { readonly code: 'store-read-only'; readonly action: string; readonly path: string }
  // Content that is not what it should be
  | { readonly code: 'digest-mismatch'; readonly expected: string; readonly actual: string; readonly what?: string }
  | { readonly code: 'size-mismatch'; readonly expected: number; readonly actual: number; readonly what: string }
  | { readonly code: 'path-escapes-root'; readonly root: string; readonly path: string }
  | { readonly code: 'tar-invalid'; readonly problem: string; readonly offset?: number }
  | { readonly code: 'compression-invalid'; readonly codec: string; readonly problem: string }
  | { readonly code: 'tar-split-invalid'; readonly problem: string }
  | { readonly code: 'content-modified'; readonly path: string }
  | {
      readonly code: 'image-digest-invalid'
      readonly digest: string
      readonly item?: string
      readonly of?: 'new-image'
      readonly problem: string
    }
  | { readonly code: 'maps-overlap'; readonly ranges: readonly string[] }
  | { readonly code: 'labels-incomplete' }
  | { readonly code: 'manifest-invalid'; readonly problem: string }
  | { readonly code: 'archive-invalid'; readonly source: string; readonly problem: string }
  | { readonly code: 'records-invalid'; readonly path: string; readonly problem: string }
  | { readonly code: 'limit-exceeded'; readonly limit: string; readonly most: number; readonly option?: string }
  | { readonly code: 'id-unmapped'; readonly side: 'container' | 'host'; readonly id: number }
  | { readonly code: 'ids-unavailable'; readonly uid: number; readonly gid: number; readonly path: string }
  // What cannot be done here
  | {
      readonly code: 'driver-unsupported'
      readonly driver: string
      readonly problem: string
      /** Which of the three reasons that let the selection go on to the next driver. Default: not supported. */
      readonly reason?: 'prerequisites' | 'file-system'
    }
  | { readonly code: 'driver-option-invalid'; readonly problem: string }
  | { readonly code: 'driver-none' }
  | { readonly code: 'mount-failed'; readonly target: string; readonly data: string; readonly problem: string }
  | { readonly code: 'mount-too-deep'; readonly lowers: number }
  | { readonly code: 'driver-ambiguous'; readonly root: string; readonly drivers: readonly string[] }
  | { readonly code: 'unsupported'; readonly what: string; readonly by: string }
  | { readonly code: 'compression-unsupported'; readonly compression: string }
  | { readonly code: 'shifting-unsupported'; readonly layer: string }
  | { readonly code: 'mount-read-write' }
  | { readonly code: 'platform-unavailable'; readonly wanted: string; readonly available: readonly string[] }
  | {
      readonly code: 'source-image-unknown'
      readonly source: string
      readonly wanted?: string
      readonly available: readonly string[]
    }
  | { readonly code: 'destination-in-use'; readonly path: string; readonly problem: string }
  | { readonly code: 'digest-not-preserved'; readonly image: string; readonly problem: string }
  | { readonly code: 'lock-timeout'; readonly path: string; readonly holder: string }
  /** A thread of ours is gone: out of memory, or a bug. */
  | { readonly code: 'thread-ended'; readonly thread: string; readonly problem: string }
  | { readonly code: 'system'; readonly call: string; readonly path: string; readonly errno: string }

/** The one error type of this program: data to act on, a sentence for people, the system's error as `cause`. */
export class Fault extends Error {
  readonly failure: Failure
  constructor(failure: Failure, options?: { readonly cause?: unknown }) {
    super(describe(failure), options)
    this.name = 'Fault'
    this.failure = failure
  }
}

/** Whether an error is a Fault of this code; narrows the failure. */
export function isFault<C extends Failure['code']>(
  error: unknown,
  code: C,
): error is Fault & { readonly failure: Extract<Failure, { code: C }> } {
  return error instanceof Fault && error.failure.code === code
}
