import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

import type { Cancellable } from '#model'

import type { CutBlock } from './block-cutter.ts'
import type { BlockPlace, WritableCodec } from './block-format.ts'

export interface CompressJob extends CutBlock {
  readonly codec: WritableCodec
  readonly level: number
  readonly place: BlockPlace
}

export interface CompressReply {
  readonly compressed: Uint8Array<ArrayBuffer>
  /** The job's buffer, given back to be filled again. */
  readonly buffer: Uint8Array<ArrayBuffer>
}

interface Assignment extends Cancellable {
  readonly job: CompressJob
  readonly done: PromiseWithResolvers<CompressReply>
}

/** A thread and what it has been given, in the order of its replies. */
interface Hand {
  readonly worker: Worker
  readonly given: Assignment[]
}

/** Threads with nothing to do stay this long for the next layer: starting one costs 25 ms. They never keep the process alive. */
const idleMilliseconds = 2000

/** One block to work on and one that lies ready, so that no thread waits for the main one to look up from its own work. */
const assignmentsPerHand = 2

/**
 * Threads that compress blocks. They start when there is work for them, take blocks of all streams in the order of asking,
 * hold the process only while they work, and end when nothing came for a while, or at once when disposed of.
 */
export class CompressCrew implements AsyncDisposable {
  readonly size: number
  readonly #waiting: Assignment[] = []
  readonly #hands: Hand[] = []
  #retirement: NodeJS.Timeout | undefined
  #isDisposed = false

  constructor(size: number = Math.min(16, availableParallelism())) {
    this.size = size
  }

  /** How many threads there are at the moment. */
  get threads(): number {
    return this.#hands.length
  }

  /** Blocks that are waiting or being worked on. */
  get busy(): number {
    return this.#hands.reduce((sum, { given }) => sum + given.length, this.#waiting.length)
  }

  /** Compresses one block. Its buffer is transferred and comes back with the reply. A signal keeps it from being begun. */
  async compress(job: CompressJob, { signal }: Cancellable = {}): Promise<CompressReply> {
    if (this.#isDisposed) throw disposed()
    const done = Promise.withResolvers<CompressReply>()
    this.#waiting.push({ job, done, signal })
    this.#assign()
    return await done.promise
  }

  /** Ends all threads, at work or not; what is not done rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#retirement)
    this.#isDisposed = true
    for (const { done } of this.#waiting.splice(0)) done.reject(disposed())
    await Promise.all(this.#hands.map(async ({ worker }) => worker.terminate()))
  }

  #assign(): void {
    clearTimeout(this.#retirement)
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const hand = next.signal?.aborted === true ? undefined : this.#freeHand()
      if (next.signal?.aborted === true) next.done.reject(next.signal.reason)
      else if (hand === undefined) return
      else give(hand, next)
      this.#waiting.shift()
    }
    if (this.#hands.every(({ given }) => given.length === 0)) this.#retireLater()
  }

  #freeHand(): Hand | undefined {
    const [least] = this.#hands.toSorted((a, b) => a.given.length - b.given.length)
    if (least?.given.length === 0) return least
    if (this.#hands.length < this.size) return this.#hire()
    return least !== undefined && least.given.length < assignmentsPerHand ? least : undefined
  }

  #hire(): Hand {
    const name = import.meta.url.endsWith('.ts') ? './compress-worker.ts' : './compress-worker.js'
    // Without the program's own flags: what `--input-type` and the like say of the program is not true of a thread.
    const worker = new Worker(new URL(name, import.meta.url), { execArgv: [] })
    const hand: Hand = { worker, given: [] }
    worker.on('message', (reply: CompressReply) => {
      hand.given.shift()?.done.resolve(reply)
      if (hand.given.length === 0) worker.unref()
      this.#assign()
    })
    worker.on('error', (error) => this.#lose(hand, error))
    worker.on('exit', () => this.#lose(hand, new Error('the compressing thread ended')))
    this.#hands.push(hand)
    return hand
  }

  #lose(hand: Hand, reason: unknown): void {
    const at = this.#hands.indexOf(hand)
    if (at === -1) return
    this.#hands.splice(at, 1)
    for (const { done } of hand.given.splice(0)) done.reject(reason)
    this.#assign()
  }

  #retireLater(): void {
    this.#retirement = setTimeout(() => {
      for (const { worker } of this.#hands.splice(0)) void worker.terminate()
    }, idleMilliseconds).unref()
  }
}

function disposed(): Error {
  return new Error('the compressor was disposed of')
}

function give(hand: Hand, assignment: Assignment): void {
  hand.given.push(assignment)
  hand.worker.ref()
  hand.worker.postMessage(assignment.job, [assignment.job.buffer.buffer])
}
