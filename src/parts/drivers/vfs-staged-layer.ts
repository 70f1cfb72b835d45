import path from 'node:path'
import type { StagedAddition, TempDir } from '#ground/files'
import { Fault, type LayerId } from '#model'
import type { ApplyTarget } from '#parts/changeset'
import type { StagedLayer } from './driver.ts'

export interface VfsStagedContent {
  readonly parent: LayerId | StagedLayer | undefined
  readonly target: ApplyTarget
  /** `HOME/dir` */
  readonly layers: string
  readonly temp: TempDir
  readonly addition: StagedAddition
}

/** A whole tree beside the layers: committing renames it to its id. */
export class VfsStagedLayer implements StagedLayer {
  readonly #content: VfsStagedContent
  #id: LayerId | undefined

  constructor(content: VfsStagedContent) {
    this.#content = content
  }

  get id(): LayerId | undefined {
    return this.#id
  }

  get parent(): LayerId | StagedLayer | undefined {
    return this.#content.parent
  }

  get target(): ApplyTarget {
    return this.#content.target
  }

  /** Where the tree is now. */
  get directory(): string {
    return this.#id === undefined ? this.#content.addition.path : path.join(this.#content.layers, this.#id)
  }

  // What this tree was copied from is not looked at any more: `parent` says nothing here.
  commit(id: LayerId): void {
    if (this.#id === id) return
    if (this.#id !== undefined) throw new Fault({ code: 'id-in-use', kind: 'layer', id })
    const destination = path.join(this.#content.layers, id)
    this.#content.temp.stageDeletion(destination)
    this.#content.addition.commit(destination)
    this.#id = id
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#content.temp.cleanup()
  }
}
