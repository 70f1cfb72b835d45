import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isFault } from '#model'
import { feedStream } from './feed-stream.ts'
import { LineStopped, newSharedMemory, SharedLine, slotBytes, slotCount } from './shared-line.ts'

const never = new AbortController().signal

function twoEnds(): { feeder: SharedLine; record: SharedLine } {
  const memory = newSharedMemory()
  for (const role of ['source', 'apply'] as const) new SharedLine(memory, role).leave('blob')
  return { feeder: new SharedLine(memory, 'feeder'), record: new SharedLine(memory, 'record') }
}

/** Takes all that comes along, as a thread of its own would. */
async function collect(line: SharedLine): Promise<Buffer> {
  const parts: Buffer[] = []
  for (;;) {
    const slot = line.next('blob')
    if (slot === 'end') return Buffer.concat(parts)
    if (slot === undefined) await delay(1)
    else {
      parts.push(Buffer.from(slot))
      line.release('blob')
    }
  }
}

async function* chunks(total: number, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < total; at += size) yield bytesAt(at, Math.min(size, total - at))
}

function bytesAt(offset: number, size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, i) => ((offset + i) * 7) >>> 3))
}

test('the bytes of a stream come out as they went in, however it is cut', async () => {
  for (const [total, size] of [
    [0, 1],
    [1, 1],
    [100, 7],
    [slotBytes, slotBytes],
    [slotBytes * 3 + 5, slotBytes * 2 - 1],
  ] as const) {
    const { feeder, record } = twoEnds()
    const [bytes] = await Promise.all([
      collect(record),
      feedStream(feeder, { bytes: chunks(total, size), size: total }, never),
    ])
    assert.ok(bytes.equals(bytesAt(0, total)), `${total} bytes in pieces of ${size}`)
    assert.equal(feeder.progress.read, total)
  }
})

test('a stream is asked for no more than the ring has room for', async () => {
  const { feeder, record } = twoEnds()
  let asked = 0
  const endless = (async function* () {
    for (;;) {
      asked += 1
      yield new Uint8Array(slotBytes)
    }
  })()
  const feeding = assert.rejects(feedStream(feeder, { bytes: endless }, never), LineStopped)
  await delay(50)
  assert.equal(asked, slotCount + 1)
  record.release('blob')
  await delay(20)
  assert.equal(asked, slotCount + 2)
  record.stop()
  await feeding
})

test('a stream that is shorter or longer than announced is refused', async () => {
  for (const size of [99, 101]) {
    const { feeder } = twoEnds()
    await assert.rejects(feedStream(feeder, { bytes: chunks(100, 10), size }, never), (error) => {
      assert.ok(isFault(error, 'size-mismatch'))
      return error.failure.expected === size
    })
  }
})

test('a stream is closed when the line stops, also one that hangs, and its own error passes', async () => {
  const closed: string[] = []
  async function* closing(name: string, wait: Promise<unknown>): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        yield new Uint8Array(slotBytes)
        await wait
      }
    } finally {
      closed.push(name)
    }
  }

  const full = twoEnds()
  const feeding = assert.rejects(
    feedStream(full.feeder, { bytes: closing('full', Promise.resolve()) }, never),
    LineStopped,
  )
  await delay(20)
  full.record.stop()
  await feeding
  assert.deepEqual(closed, ['full'])

  const stop = new AbortController()
  const network = Promise.withResolvers<void>()
  const hanging = feedStream(twoEnds().feeder, { bytes: closing('hanging', network.promise) }, stop.signal)
  await delay(20)
  stop.abort()
  await assert.rejects(hanging, LineStopped)
  network.resolve()
  await delay(1)
  assert.deepEqual(closed, ['full', 'hanging'])

  const failing = closing('failing', Promise.reject(new Error('connection reset')))
  await assert.rejects(feedStream(twoEnds().feeder, { bytes: failing }, never), { message: 'connection reset' })
})
