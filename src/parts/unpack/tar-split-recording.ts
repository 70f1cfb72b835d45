import { TarParser } from '#formats/tar'

import type { Job } from './crew-job.ts'
import { withDefaults } from './limits.ts'
import { TarSplitFile } from './tar-split-file.ts'

/**
 * Records a tar beside the thread that applies it. To parse it twice costs less than what the applying thread gains, as long
 * as a core is free to do it: that is so where nothing has to be decompressed (docs/decisions/0020).
 */
export class TarSplitRecording implements Disposable {
  readonly #file: TarSplitFile
  readonly #parser: TarParser

  private constructor(path: string, job: Job) {
    this.#file = new TarSplitFile(path)
    this.#parser = new TarParser(this.#file.sink, withDefaults(job.limits))
  }

  /** Of a job that asks for one. */
  static of(job: Job): TarSplitRecording | undefined {
    return job.tarSplitPath === undefined ? undefined : new TarSplitRecording(job.tarSplitPath, job)
  }

  push(bytes: Uint8Array): void {
    this.#parser.push(bytes)
  }

  finish(): void {
    this.#parser.end()
    this.#file.finish()
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]()
  }
}
