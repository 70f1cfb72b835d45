import { parentPort } from 'node:worker_threads'

import { blockFormats } from './block-format.ts'
import type { CompressJob, CompressReply } from './compress-crew.ts'

// One job, one reply: the crew gives a worker its next job when it has the reply to the last one.
parentPort?.on('message', ({ codec, level, buffer, dictionaryBytes, bytes, place }: CompressJob) => {
  const block = {
    dictionary: buffer.subarray(0, dictionaryBytes),
    bytes: buffer.subarray(dictionaryBytes, dictionaryBytes + bytes),
    place,
  }
  const compressed = new Uint8Array(blockFormats[codec].compress(block, level))
  const reply: CompressReply = { compressed, buffer }
  parentPort?.postMessage(reply, [compressed.buffer, buffer.buffer])
})
