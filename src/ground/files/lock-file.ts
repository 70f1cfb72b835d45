import { resolve } from 'node:path'
import { type Cancellable, Fault } from '#model'
import { type LockHolder, holderOfLock } from './lock-holder.ts'
import { type LockToken, readLockToken, writeLockToken } from './lock-token.ts'
import { type LockAccess, type LockMode, type LockedFile, tryLockFile } from './locked-file.ts'

/** A lock that is held until it is disposed. Whoever has one may read what the lock guards. */
export interface SharedLock extends Disposable {
  readonly held: LockMode
  /** The mark of the last writer; empty where nobody has written yet. @throws ErrnoError */
  readToken(): LockToken
}

/** Whoever has this one may change what the lock guards: saving demands it, as a type. */
export interface ExclusiveLock extends SharedLock {
  readonly held: 'exclusive'
  /** Leaves a new mark, by which others notice the change; it goes before the change itself (spec/store §3.2). @throws ErrnoError */
  writeToken(): LockToken
}

/** What is reported to those who wait long. */
export interface LockWait extends LockHolder {
  readonly path: string
  /** When the waiting began. */
  readonly since: Date
}

export interface LockOptions extends Cancellable {
  /** Called after three seconds of waiting, and every three seconds again. */
  readonly onWait?: (wait: LockWait) => void
}

interface Waiter {
  readonly mode: LockMode
  grant(lock: HeldLock): void
  refuse(reason: unknown): void
}

const reportEvery = 3000

const known = new Map<string, LockFile>()

/**
 * The lock file of this path: one per path, access and thread, whoever asks. A `read-write` one is created where it is missing, a
 * `read-only` one never is. The two exclude each other as two processes would, so that a directory can be one store's own and
 * another store's addition in the same program.
 */
export function lockFile(path: string, access: LockAccess = 'read-write'): LockFile {
  const absolute = resolve(path)
  const key = `${access} ${absolute}`
  const file = known.get(key) ?? new LockFile(absolute, access)
  known.set(key, file)
  return file
}

/**
 * A lock on a whole file among processes (spec/store §3.1) and, in order of arrival, among those who wait in this one: whoever
 * comes after a waiting writer waits behind it, so a holder that asks for a second shared lock may wait for itself. The lock
 * is tried again and again without blocking a thread, and goes with the process however that ends.
 */
export class LockFile {
  readonly path: string
  readonly access: LockAccess
  readonly #queue: Waiter[] = []
  #file: LockedFile | undefined
  #mode: LockMode = 'shared'
  #holders = 0
  #retry: NodeJS.Timeout | undefined
  #tries = 0

  /** Use `lockFile`: two of these for one path would keep each other out. */
  constructor(path: string, access: LockAccess) {
    this.path = path
    this.access = access
  }

  /**
   * Waits until the lock is there.
   * @throws ErrnoError when the file cannot be opened; Fault `store-read-only` for an exclusive lock of a read-only file; the
   * signal's reason when waiting is cancelled
   */
  async lock(mode: 'exclusive', options?: LockOptions): Promise<ExclusiveLock>
  async lock(mode: LockMode, options?: LockOptions): Promise<SharedLock>
  async lock(mode: LockMode, options: LockOptions = {}): Promise<SharedLock> {
    this.#refuseWriting(mode)
    options.signal?.throwIfAborted()
    using _reports = this.#reporting(mode, options)
    return await new Promise<HeldLock>((grant, refuse) => this.#enqueue(mode, grant, refuse, options.signal))
  }

  /** The lock, or undefined when it cannot be had at once, here or because of another process. @throws as `lock` */
  tryLock(mode: 'exclusive'): ExclusiveLock | undefined
  tryLock(mode: LockMode): SharedLock | undefined
  tryLock(mode: LockMode): SharedLock | undefined {
    this.#refuseWriting(mode)
    return this.#queue.length === 0 ? this.#take(mode) : undefined
  }

  #enqueue(mode: LockMode, grant: Waiter['grant'], refuse: Waiter['refuse'], signal: AbortSignal | undefined): void {
    const cancel = (): void => {
      this.#queue.splice(this.#queue.indexOf(waiter), 1)
      refuse(signal?.reason)
      this.#advance()
    }
    const waiter: Waiter = {
      mode,
      grant: (lock) => {
        signal?.removeEventListener('abort', cancel)
        grant(lock)
      },
      refuse: (reason) => {
        signal?.removeEventListener('abort', cancel)
        refuse(reason)
      },
    }
    signal?.addEventListener('abort', cancel, { once: true })
    this.#queue.push(waiter)
    if (this.#queue.length === 1) this.#advance()
  }

  /** Serves the queue from its head as far as it goes now. */
  #advance(): void {
    clearTimeout(this.#retry)
    if (this.#queue.length === 0) this.#tries = 0
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      try {
        const lock = this.#take(head.mode)
        if (lock === undefined) break
        this.#queue.shift()
        head.grant(lock)
      } catch (error) {
        this.#queue.shift()
        head.refuse(error)
      }
    }
    if (this.#queue.length > 0 && this.#holders === 0) {
      this.#retry = setTimeout(() => this.#advance(), patience(this.#tries++))
    }
  }

  #take(mode: LockMode): HeldLock | undefined {
    if (this.#holders > 0) {
      if (mode === 'exclusive' || this.#mode === 'exclusive') return undefined
    } else {
      const file = tryLockFile(this.path, mode, { access: this.access })
      if (file === undefined) return undefined
      this.#file = file
      this.#mode = mode
      this.#tries = 0
    }
    this.#holders++
    return new HeldLock(this.#mode, this.#file?.fd, () => this.#release())
  }

  #release(): void {
    this.#holders--
    if (this.#holders > 0) return
    const file = this.#file
    this.#file = undefined
    try {
      file?.release()
    } finally {
      this.#advance()
    }
  }

  #refuseWriting(mode: LockMode): void {
    if (mode === 'exclusive' && this.access === 'read-only') {
      throw new Fault({ code: 'store-read-only', action: 'lock for writing', path: this.path })
    }
  }

  #reporting(mode: LockMode, options: LockOptions): Disposable {
    const { onWait } = options
    if (onWait === undefined) return { [Symbol.dispose]: () => undefined }
    const since = new Date()
    const timer = setInterval(() => {
      const holder = this.#holders > 0 ? { pid: process.pid, command: process.title } : holderOfLock(this.path, mode)
      onWait({ path: this.path, since, ...holder })
    }, reportEvery)
    return { [Symbol.dispose]: () => clearInterval(timer) }
  }
}

class HeldLock implements SharedLock {
  readonly held: LockMode
  readonly #fd: number | undefined
  #release: (() => void) | undefined

  constructor(mode: LockMode, fd: number | undefined, release: () => void) {
    this.held = mode
    this.#fd = fd
    this.#release = release
  }

  readToken(): LockToken {
    this.#refuseAfterRelease()
    return this.#fd === undefined ? '' : readLockToken(this.#fd)
  }

  writeToken(): LockToken {
    this.#refuseAfterRelease()
    if (this.held !== 'exclusive' || this.#fd === undefined) throw new TypeError('a shared lock writes no token')
    return writeLockToken(this.#fd)
  }

  [Symbol.dispose](): void {
    const release = this.#release
    this.#release = undefined
    release?.()
  }

  // The descriptor's number may be another file's by now.
  #refuseAfterRelease(): void {
    if (this.#release === undefined) throw new TypeError('this lock has been released')
  }
}

// Milliseconds until the next try. Others may wait inside the kernel and are woken before we look again: the longer we have
// waited, the more often we look, so that busy neighbours cannot starve us.
function patience(tries: number): number {
  if (tries < 8) return Math.min(2 ** tries, 10) * (0.5 + Math.random() / 2)
  return tries < 100 ? 5 + 5 * Math.random() : 1
}
