import { Worker } from 'node:worker_threads'
import { Fault } from '#model'

export type SyncReply = { readonly kind: 'synced' } | { readonly kind: 'failed'; readonly errno: string }

interface Waiting {
  readonly path: string
  readonly done: PromiseWithResolvers<void>
}

const idleMilliseconds = 2000

let worker: Worker | undefined
let retirement: NodeJS.Timeout | undefined
const waiting: Waiting[] = []

/**
 * Brings everything on the file system of this path to the disk, in a thread of its own: it may take seconds, and nobody else shall
 * wait for it. The thread stays a while for the next call, and keeps no process alive. @throws Fault `system`, `thread-ended`
 */
export async function syncInBackground(path: string): Promise<void> {
  const done = Promise.withResolvers<void>()
  clearTimeout(retirement)
  const thread = (worker ??= started())
  waiting.push({ path, done })
  thread.ref()
  thread.postMessage(path)
  await done.promise
}

function started(): Worker {
  const name = import.meta.url.endsWith('.ts') ? './sync-worker.ts' : './sync-worker.js'
  // Flags of the program, such as those of `node -e`, mean nothing to a thread that reads its own file.
  const thread = new Worker(new URL(name, import.meta.url), { execArgv: [] })
  thread.on('message', (reply: SyncReply) => settle(thread, reply))
  thread.on('error', (error) => lose(thread, error))
  thread.on('exit', () => lose(thread, undefined))
  return thread
}

function settle(thread: Worker, reply: SyncReply): void {
  const next = waiting.shift()
  if (reply.kind === 'synced') next?.done.resolve()
  else next?.done.reject(new Fault({ code: 'system', call: 'syncfs', path: next.path, errno: reply.errno }))
  if (waiting.length > 0) return
  thread.unref()
  retirement = setTimeout(() => retire(thread), idleMilliseconds).unref()
}

/** Ending takes a moment, in which a call must not be given to this thread any more. */
function retire(thread: Worker): void {
  if (worker === thread) worker = undefined
  void thread.terminate()
}

function lose(thread: Worker, cause: unknown): void {
  if (worker !== thread) return
  worker = undefined
  for (const { done } of waiting.splice(0)) {
    done.reject(
      new Fault({ code: 'thread-ended', thread: 'syncing', problem: 'before the file system was synced' }, { cause }),
    )
  }
}
