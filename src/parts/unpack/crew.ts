import { Worker } from 'node:worker_threads'
import { CrewHand } from './crew-hand.ts'
import type { Found, Job } from './crew-job.ts'
import { errorOf } from './error-parcel.ts'
import { LineStopped, newSharedMemory, SharedLine, type WorkerRole } from './shared-line.ts'

/** What the threads of a crew run. */
export type CrewEntries = Readonly<Record<WorkerRole, URL>>

const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const ownEntries: CrewEntries = {
  source: new URL(`./unpack-source-worker.${suffix}`, import.meta.url),
  record: new URL(`./unpack-record-worker.${suffix}`, import.meta.url),
  apply: new URL(`./unpack-apply-worker.${suffix}`, import.meta.url),
}

/**
 * Three threads and the memory they share: one brings the blob in and decompresses it, one hashes and records it, one applies the tar.
 * They do one unpacking after another, and keep no process alive while they have none to do.
 */
export class Crew {
  /** The end of the line in the thread of the caller. */
  readonly line: SharedLine
  readonly #source: CrewHand<'source'>
  readonly #record: CrewHand<'record'>
  readonly #apply: CrewHand<'apply'>

  constructor(entries: CrewEntries = ownEntries) {
    const memory = newSharedMemory()
    const line = new SharedLine(memory, 'feeder')
    // None of the arguments of the program that uses us: some, such as `--input-type`, keep a worker from starting.
    const start = (role: WorkerRole): Worker =>
      new Worker(entries[role], { workerData: memory, name: `unpack ${role}`, execArgv: [] })
    const hand = <Role extends WorkerRole>(role: Role): CrewHand<Role> => new CrewHand(role, start(role), line)
    this.line = line
    this.#source = hand('source')
    this.#record = hand('record')
    this.#apply = hand('apply')
  }

  /** Whether a thread is gone: then this crew takes no further job. */
  get isBroken(): boolean {
    return !(this.#source.isAlive && this.#record.isAlive && this.#apply.isAlive)
  }

  /**
   * Settles when no thread works on the job any more. While it runs, the blob is fed through `line`, if it is to be fed.
   * @throws what the thread threw that failed first; LineStopped if the thread of the caller has stopped the line
   */
  async run(job: Job): Promise<Found> {
    // What cannot cross to a thread has to fail here, before the first of three has begun.
    const plainJob = structuredClone(job)
    this.line.reset()
    const replies = [this.#source.take(plainJob), this.#record.take(plainJob), this.#apply.take(plainJob)] as const
    const [source, record, apply] = await Promise.all(replies)
    if (source.kind === 'done' && record.kind === 'done' && apply.kind === 'done') {
      return { source: source.found, record: record.found, apply: apply.found }
    }
    const byRole = { source, record, apply, feeder: undefined }
    const culprit = byRole[this.line.stoppedBy ?? 'feeder']
    if (culprit?.kind === 'failed') throw errorOf(culprit.error)
    throw new LineStopped()
  }

  /** Ends the threads, whatever they are doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#source.dismiss(), this.#record.dismiss(), this.#apply.dismiss()])
  }
}
