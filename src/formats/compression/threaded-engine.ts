import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'

import { EngineError, type EngineKind, type EngineOptions, type InflateEngine } from './inflate-engine.ts'

/** What the worker is started with. `answers` counts its replies; waiting for one is waiting for this word to change. */
export interface StreamEngineSeat {
  readonly kind: EngineKind
  readonly options: EngineOptions
  readonly port: MessagePort
  readonly answers: Int32Array
}

export type StreamEngineRequest = { readonly kind: 'read'; readonly input?: Uint8Array } | { readonly kind: 'finish' }

export type StreamEngineReply =
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  | { readonly kind: 'hungry'; readonly unread: number }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly reason: string }

/** Longer than any answer takes; a thread that does not come up must not stop the program for ever. */
const longestWait = 60_000

/**
 * Decompression by Node's public streams, made synchronous: they run in a thread of their own, and this one sleeps until it
 * answers. Slower than `DirectEngine`, whose place it takes in a Node whose inside is not as known.
 */
export class ThreadedEngine implements InflateEngine {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #answers = new Int32Array(new SharedArrayBuffer(4))
  #input: Uint8Array | undefined
  #mayHaveMore = false
  #unread = 0

  constructor(kind: EngineKind, options: EngineOptions) {
    const { port1, port2 } = new MessageChannel()
    const seat: StreamEngineSeat = { kind, options, port: port2, answers: this.#answers }
    const name = import.meta.url.endsWith('.ts') ? './stream-engine-worker.ts' : './stream-engine-worker.js'
    this.#worker = new Worker(new URL(name, import.meta.url), { workerData: seat, transferList: [port2], execArgv: [] })
    this.#worker.unref()
    this.#port = port1
    this.#port.unref()
  }

  get unread(): number {
    return this.#unread
  }

  feed(input: Uint8Array): void {
    // A copy: a view would be posted with all of the buffer behind it.
    this.#input = new Uint8Array(input)
    this.#unread = 0
    this.#mayHaveMore = input.byteLength > 0
  }

  read(): Uint8Array | undefined {
    if (!this.#mayHaveMore) return undefined
    const reply = this.#ask({ kind: 'read', ...(this.#input && { input: this.#input }) })
    this.#input = undefined
    if (reply.kind === 'piece') return reply.bytes
    this.#mayHaveMore = false
    if (reply.kind === 'hungry') this.#unread = reply.unread
    return undefined
  }

  finish(): void {
    this.#ask({ kind: 'finish' })
  }

  close(): void {
    this.#port.close()
    void this.#worker.terminate()
  }

  #ask(request: StreamEngineRequest): StreamEngineReply {
    const answered = Atomics.load(this.#answers, 0)
    this.#port.postMessage(request)
    Atomics.wait(this.#answers, 0, answered, longestWait)
    const received: { readonly message: StreamEngineReply } | undefined = receiveMessageOnPort(this.#port)
    if (received === undefined) throw new Error('the decompressing thread does not answer')
    if (received.message.kind === 'failed') throw new EngineError(received.message.reason)
    return received.message
  }
}
