import { workerData } from 'node:worker_threads'

import { StreamEngine } from './stream-engine.ts'
import type { StreamEngineRequest, StreamEngineSeat } from './threaded-engine.ts'

const { kind, options, port, answers }: StreamEngineSeat = workerData
const engine = new StreamEngine(kind, options)

port.on('message', (request: StreamEngineRequest) => void answer(request))

async function answer(request: StreamEngineRequest): Promise<void> {
  port.postMessage(await engine.answer(request))
  Atomics.add(answers, 0, 1)
  Atomics.notify(answers, 0)
}
