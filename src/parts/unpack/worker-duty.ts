import { parentPort, workerData } from 'node:worker_threads'
import type { Found, Job, Reply } from './crew-job.ts'
import { parcelOf } from './error-parcel.ts'
import { LineStopped, SharedLine, type SharedMemory, type WorkerRole } from './shared-line.ts'

/** The life of a worker thread: waits for a job, does its part of it without returning to the event loop, replies. */
export function serve<Role extends WorkerRole>(role: Role, work: (job: Job, line: SharedLine) => Found[Role]): void {
  const port = parentPort
  if (port === null) throw new Error(`the ${role} thread of an unpacking was started as a program`)
  const line = new SharedLine(workerData as SharedMemory, role)
  port.on('message', (job: Job) => {
    port.postMessage(attempt(job, line, work))
  })
}

function attempt<Role extends WorkerRole>(
  job: Job,
  line: SharedLine,
  work: (job: Job, line: SharedLine) => Found[Role],
): Reply<Role> {
  try {
    return { kind: 'done', found: work(job, line) }
  } catch (error) {
    if (error instanceof LineStopped) return { kind: 'stopped' }
    // The others wait for bytes or for room that will not come.
    line.stop()
    return { kind: 'failed', error: parcelOf(error) }
  }
}
