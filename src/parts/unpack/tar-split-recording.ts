import { TarParser } from '#formats/tar'
import type { Job } from './crew-job.ts'
import { withDefaults } from './limits.ts'
import { TarSplitFile } from './tar-split-file.ts'

/**
 * Records a tar with a parser of its own, beside the thread that applies it: to parse it twice takes 40 ms for a gigabyte, and
 * the applying thread, which waits for the kernel most of the time, is a sixth faster without (docs/decisions/0020).
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
