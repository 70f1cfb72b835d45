import type { Worker } from 'node:worker_threads'
import { Fault } from '#model'
import type { Job, Reply } from './crew-job.ts'
import { parcelOf } from './error-parcel.ts'
import type { SharedLine, WorkerRole } from './shared-line.ts'

/** One thread of a crew, seen from the outside: takes a job, answers once, and answers also if it dies of it. */
export class CrewHand<Role extends WorkerRole> {
  readonly #role: Role
  readonly #worker: Worker
  readonly #line: SharedLine
  #answer: ((reply: Reply<Role>) => void) | undefined
  #end: Fault | undefined

  constructor(role: Role, worker: Worker, line: SharedLine) {
    this.#role = role
    this.#worker = worker
    this.#line = line
    worker.on('message', (reply: Reply<Role>) => this.#reply(reply))
    worker.on('messageerror', (error) => this.#lose('its answer cannot be read', error))
    worker.on('error', (error) => this.#lose(error instanceof Error ? error.message : String(error), error))
    worker.on('exit', (code) => this.#lose(`exit code ${code}`))
    worker.unref()
  }

  get isAlive(): boolean {
    return this.#end === undefined
  }

  take(job: Job): Promise<Reply<Role>> {
    return new Promise((resolve) => {
      this.#answer = resolve
      if (this.#end !== undefined) {
        this.#lose('', this.#end)
        return
      }
      this.#worker.ref()
      this.#worker.postMessage(job)
    })
  }

  /** Whatever it is doing. */
  async dismiss(): Promise<void> {
    await this.#worker.terminate()
  }

  #reply(reply: Reply<Role>): void {
    this.#worker.unref()
    const answer = this.#answer
    this.#answer = undefined
    answer?.(reply)
  }

  #lose(problem: string, cause?: unknown): void {
    this.#end ??= new Fault({ code: 'thread-ended', thread: `unpack ${this.#role}`, problem }, { cause })
    // The others wait for bytes or for room that will not come.
    this.#line.stop(this.#role)
    this.#reply({ kind: 'failed', error: parcelOf(this.#end) })
  }
}
