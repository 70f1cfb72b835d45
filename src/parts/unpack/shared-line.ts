/** Who takes part in one unpacking. `feeder` is the thread of the caller: it never blocks. */
export type Role = 'feeder' | 'source' | 'record' | 'apply'
export type WorkerRole = Exclude<Role, 'feeder'>
export type RingName = 'blob' | 'tar'

/** 1 MiB keeps one slot, its source and its use in a level-2 cache; 8 of them smooth out what the disk does. */
export const slotBytes = 2 ** 20
export const slotCount = 8

/** Memory shared by the threads of one unpacking. Plain data: it crosses to every worker once. */
export interface SharedMemory {
  readonly words: SharedArrayBuffer
  readonly blob: SharedArrayBuffer
  readonly tar: SharedArrayBuffer
}

export function newSharedMemory(): SharedMemory {
  return {
    words: new SharedArrayBuffer(wordCount * 4 + counterCount * 8),
    blob: new SharedArrayBuffer(slotBytes * slotCount),
    tar: new SharedArrayBuffer(slotBytes * slotCount),
  }
}

/** Thrown out of a wait when somebody has stopped the line: not an error of the thread that sees it. */
export class LineStopped extends Error {
  override readonly name = 'LineStopped'
}

// Words of the control block. Every thread has a bell: whoever changes what a thread may wait for rings it.
const stoppedAt = 0
const encodingAt = 1
const entriesAt = 2
const bellsAt = 4
const ringsAt = 8
const ringHead = 0
const ringClosed = 1
const ringTails = 2
const ringLengths = 6
const ringWords = ringLengths + slotCount
const wordCount = ringsAt + 2 * ringWords
const readAt = 0
const unpackedAt = 1
const counterCount = 2

const roleIndex: Readonly<Record<Role, number>> = { feeder: 0, source: 1, record: 2, apply: 3 }
const ringIndex: Readonly<Record<RingName, number>> = { blob: 0, tar: 1 }
const roles: readonly Role[] = ['feeder', 'source', 'record', 'apply']
const readers: readonly WorkerRole[] = ['source', 'record', 'apply']
/** A tail that is never in the way: of a thread that does not read this ring. */
const away = 2 ** 31 - 1

/** Whether the bytes of the blob are the tar itself: then nothing comes along the tar ring. */
export type Encoding = 'plain' | 'compressed'
const encodings: readonly Encoding[] = ['plain', 'compressed']

/**
 * One thread's end of the line: two rings of slots (the blob as it comes in, the tar that comes out of it), a stop
 * switch and counters, all in shared memory. Waiting is `Atomics.wait` on the own bell; nothing spins, and no
 * message is sent while bytes flow.
 */
export class SharedLine {
  readonly #role: Role
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #counters: BigInt64Array<SharedArrayBuffer>
  readonly #slots: Readonly<Record<RingName, readonly Uint8Array[]>>

  constructor(memory: SharedMemory, role: Role) {
    this.#role = role
    this.#words = new Int32Array(memory.words, 0, wordCount)
    this.#counters = new BigInt64Array(memory.words, wordCount * 4, counterCount)
    this.#slots = { blob: slotsOf(memory.blob), tar: slotsOf(memory.tar) }
  }

  /** Before a new job, while no other thread is at work. */
  reset(): void {
    this.#words.fill(0)
    this.#counters.fill(0n)
  }

  // ── stopping ──

  get stopped(): boolean {
    return Atomics.load(this.#words, stoppedAt) !== 0
  }

  /** Who stopped it first: whose error it is that counts. */
  get stoppedBy(): Role | undefined {
    return roles[Atomics.load(this.#words, stoppedAt) - 1]
  }

  /** Every thread that waits, or comes to wait, gets `LineStopped`. `by` is another thread if that cannot speak any more. */
  stop(by: Role = this.#role): void {
    Atomics.compareExchange(this.#words, stoppedAt, 0, 1 + roleIndex[by])
    for (const role of roles) this.#ringBell(role)
  }

  /** @throws LineStopped */
  checkStopped(): void {
    if (this.stopped) throw new LineStopped()
  }

  // ── waiting ──

  /** Sleeps until `poll` has something to say. @throws LineStopped */
  wait<T>(poll: () => T | undefined): T {
    const bell = bellsAt + roleIndex[this.#role]
    for (;;) {
      const seen = Atomics.load(this.#words, bell)
      this.checkStopped()
      const found = poll()
      if (found !== undefined) return found
      Atomics.wait(this.#words, bell, seen)
    }
  }

  /** As `wait`, for the thread of the caller, which must not block. @throws LineStopped */
  async waitAsync<T>(poll: () => T | undefined): Promise<T> {
    const bell = bellsAt + roleIndex[this.#role]
    for (;;) {
      const seen = Atomics.load(this.#words, bell)
      this.checkStopped()
      const found = poll()
      if (found !== undefined) return found
      const waiting = Atomics.waitAsync(this.#words, bell, seen)
      if (waiting.async) await waiting.value
    }
  }

  #ringBell(role: Role): void {
    const bell = bellsAt + roleIndex[role]
    Atomics.add(this.#words, bell, 1)
    Atomics.notify(this.#words, bell)
  }

  // ── writing a ring: one thread does ──

  /** The next slot to fill, if all readers have left it. */
  free(ring: RingName): Uint8Array | undefined {
    if (this.#used(ring) >= slotCount) return undefined
    return this.#slots[ring][this.#word(ring, ringHead) % slotCount]
  }

  /** Hands the slot that `free` gave, with so many bytes in it, to the readers. */
  publish(ring: RingName, bytes: number): void {
    const head = this.#word(ring, ringHead)
    Atomics.store(this.#words, this.#at(ring, ringLengths + (head % slotCount)), bytes)
    Atomics.store(this.#words, this.#at(ring, ringHead), head + 1)
    for (const reader of readers) this.#ringBell(reader)
  }

  /** Nothing follows. */
  close(ring: RingName): void {
    Atomics.store(this.#words, this.#at(ring, ringClosed), 1)
    for (const reader of readers) this.#ringBell(reader)
  }

  // ── reading a ring: every reader sees all of it ──

  /** The next slot that has been published and not been released by this thread; `end` after the last. */
  next(ring: RingName): Uint8Array | 'end' | undefined {
    // Looked at before the head: a ring that was closed then has its last slot behind its head now.
    const isClosed = this.#word(ring, ringClosed) !== 0
    const tail = this.#word(ring, ringTails + roleIndex[this.#role])
    if (tail < this.#word(ring, ringHead)) {
      const slot = tail % slotCount
      return this.#slots[ring][slot]?.subarray(0, this.#word(ring, ringLengths + slot))
    }
    return isClosed ? 'end' : undefined
  }

  /** All slots to the end; each is valid until the next is asked for. @throws LineStopped */
  *slots(ring: RingName): Generator<Uint8Array, void, undefined> {
    for (;;) {
      const slot = this.wait(() => this.next(ring))
      if (slot === 'end') return
      yield slot
      this.release(ring)
    }
  }

  /** The slot that `next` gave is not needed any more. */
  release(ring: RingName): void {
    Atomics.add(this.#words, this.#at(ring, ringTails + roleIndex[this.#role]), 1)
    this.#wakeWriter(ring)
  }

  /** This thread reads no more of the ring: the writer does not wait for it. */
  leave(ring: RingName): void {
    Atomics.store(this.#words, this.#at(ring, ringTails + roleIndex[this.#role]), away)
    this.#wakeWriter(ring)
  }

  #wakeWriter(ring: RingName): void {
    if (ring === 'blob') this.#ringBell('feeder')
    if (this.#role !== 'source') this.#ringBell('source')
  }

  /** Slots that the slowest reader has not released. */
  #used(ring: RingName): number {
    let tail = away
    for (const reader of readers) tail = Math.min(tail, this.#word(ring, ringTails + roleIndex[reader]))
    return this.#word(ring, ringHead) - tail
  }

  #at(ring: RingName, word: number): number {
    return ringsAt + ringIndex[ring] * ringWords + word
  }

  #word(ring: RingName, word: number): number {
    return Atomics.load(this.#words, this.#at(ring, word))
  }

  // ── what the source found, and how far everybody is ──

  /** Sleeps until the source has looked at the first bytes of the blob. @throws LineStopped */
  waitForEncoding(): Encoding {
    return this.wait(() => encodings[Atomics.load(this.#words, encodingAt) - 1])
  }

  setEncoding(encoding: Encoding): void {
    Atomics.store(this.#words, encodingAt, encodings.indexOf(encoding) + 1)
    for (const role of roles) if (role !== this.#role) this.#ringBell(role)
  }

  get progress(): { readonly read: number; readonly unpacked: number; readonly entries: number } {
    return {
      read: Number(Atomics.load(this.#counters, readAt)),
      unpacked: Number(Atomics.load(this.#counters, unpackedAt)),
      entries: Atomics.load(this.#words, entriesAt) >>> 0,
    }
  }

  countRead(bytes: number): void {
    Atomics.store(this.#counters, readAt, BigInt(bytes))
  }

  countUnpacked(bytes: number, entries: number): void {
    Atomics.store(this.#counters, unpackedAt, BigInt(bytes))
    Atomics.store(this.#words, entriesAt, entries)
  }
}

function slotsOf(memory: SharedArrayBuffer): readonly Uint8Array[] {
  return Array.from({ length: slotCount }, (_, slot) => new Uint8Array(memory, slot * slotBytes, slotBytes))
}
