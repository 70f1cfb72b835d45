// For tests: what Debian's containers-storage makes of the same archives.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A store of the original's, thrown away when disposed. */
export class OriginalStore implements Disposable {
  readonly #home = mkdtempSync(join(tmpdir(), 'shale-original-'))
  readonly #driver: 'vfs' | 'overlay'

  constructor(driver: 'vfs' | 'overlay') {
    this.#driver = driver
  }

  static get isInstalled(): boolean {
    return spawnSync('containers-storage', ['version']).error === undefined
  }

  /** Applies a tar as a layer. @returns the error it ended with, empty if none */
  apply(layer: string, tar: Uint8Array, parent?: string): string {
    const path = join(this.#home, `${layer}.tar`)
    writeFileSync(path, tar)
    this.run('create-layer', '-i', layer, ...(parent === undefined ? [] : [parent]))
    const { status, stderr } = this.#spawn('applydiff', '-f', path, layer)
    return status === 0 ? '' : stderr.trim()
  }

  /** The directory of a layer's own content. */
  directoryOf(layer: string): string {
    return this.#driver === 'vfs'
      ? join(this.#home, 'graph/vfs/dir', layer)
      : join(this.#home, 'graph/overlay', layer, 'diff')
  }

  run(...words: readonly string[]): string {
    const { status, stdout, stderr } = this.#spawn(...words)
    if (status !== 0) throw new Error(`containers-storage ${words.join(' ')}: ${stderr}`)
    return stdout
  }

  [Symbol.dispose](): void {
    this.#spawn('shutdown', '--force')
    spawnSync('umount', ['--lazy', join(this.#home, 'graph', this.#driver)])
    rmSync(this.#home, { recursive: true, force: true })
  }

  #spawn(...words: readonly string[]): { readonly status: number; readonly stdout: string; readonly stderr: string } {
    const flags = ['-s', this.#driver, '-g', join(this.#home, 'graph'), '-R', join(this.#home, 'run')]
    const { status, stdout, stderr } = spawnSync('containers-storage', [...flags, ...words], { encoding: 'utf8' })
    return { status: status ?? 1, stdout, stderr }
  }
}
