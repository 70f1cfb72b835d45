import { parentPort } from 'node:worker_threads'
import { syncFileSystem } from '#ground/files'
import type { SyncReply } from './background-sync.ts'

// One path, one reply. A sync may take seconds; only this thread waits for it.
parentPort?.on('message', (path: string) => {
  parentPort?.postMessage(replyTo(path))
})

function replyTo(path: string): SyncReply {
  try {
    syncFileSystem(path)
    return { kind: 'synced' }
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { kind: 'failed', errno }
  }
}
