import { close } from './open.ts'

/** A descriptor that closes with its scope. */
export class Descriptor implements Disposable {
  readonly fd: number
  #open = true

  constructor(fd: number) {
    this.fd = fd
  }

  /** Closes now. Doing it twice closes once. @throws ErrnoError */
  close(): void {
    if (!this.#open) return
    this.#open = false
    close(this.fd)
  }

  /** Hands the descriptor over: closing it is somebody else's business from now on. */
  release(): number {
    this.#open = false
    return this.fd
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
