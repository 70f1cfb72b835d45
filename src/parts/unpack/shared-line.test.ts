import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { newSharedMemory, LineStopped, SharedLine, slotBytes, slotCount } from './shared-line.ts'

function lines(): { feeder: SharedLine; source: SharedLine; record: SharedLine; apply: SharedLine } {
  const memory = newSharedMemory()
  return {
    feeder: new SharedLine(memory, 'feeder'),
    source: new SharedLine(memory, 'source'),
    record: new SharedLine(memory, 'record'),
    apply: new SharedLine(memory, 'apply'),
  }
}

function put(line: SharedLine, ring: 'blob' | 'tar', text: string): boolean {
  const slot = line.free(ring)
  if (slot === undefined) return false
  line.publish(ring, Buffer.from(text).copy(slot))
  return true
}

function get(line: SharedLine, ring: 'blob' | 'tar'): string | undefined {
  const slot = line.next(ring)
  return slot === undefined || slot === 'end' ? slot : Buffer.from(slot).toString()
}

test('every reader of a ring sees every slot, in order, and its end', () => {
  const { source, record, apply } = lines()
  source.leave('tar')
  for (const text of ['one', 'two', 'three']) assert.equal(put(source, 'tar', text), true)
  source.close('tar')
  for (const reader of [record, apply]) {
    const seen: (string | undefined)[] = []
    for (let text = get(reader, 'tar'); text !== 'end'; text = get(reader, 'tar')) {
      seen.push(text)
      reader.release('tar')
    }
    assert.deepEqual(seen, ['one', 'two', 'three'])
  }
})

test('a slot is filled again only when the slowest reader has released it', () => {
  const { source, record, apply } = lines()
  source.leave('tar')
  for (let i = 0; i < slotCount; i += 1) assert.equal(put(source, 'tar', `slot ${i}`), true)
  assert.equal(source.free('tar'), undefined)
  record.release('tar')
  assert.equal(source.free('tar'), undefined)
  apply.release('tar')
  assert.equal(put(source, 'tar', 'again'), true)
  assert.equal(source.free('tar'), undefined)
  assert.equal(get(record, 'tar'), 'slot 1')
})

test('a thread that leaves a ring is waited for no more', () => {
  const { source, record, apply } = lines()
  source.leave('tar')
  for (let i = 0; i < slotCount; i += 1) put(source, 'tar', 'x')
  for (let i = 0; i < slotCount; i += 1) record.release('tar')
  assert.equal(source.free('tar'), undefined)
  apply.leave('tar')
  assert.equal(source.free('tar')?.byteLength, slotBytes)
})

test('the thread of the caller waits without blocking, and is woken by room and by a stop', async () => {
  const { feeder, source, record, apply } = lines()
  for (const reader of [source, apply]) reader.leave('blob')
  while (put(feeder, 'blob', 'x'));
  let isAwake = false
  const waiting = (async () => {
    await feeder.waitAsync(() => feeder.free('blob'))
    isAwake = true
  })()
  await delay(20)
  assert.equal(isAwake, false)
  record.release('blob')
  await waiting

  while (put(feeder, 'blob', 'x'));
  const stopped = assert.rejects(
    feeder.waitAsync(() => feeder.free('blob')),
    LineStopped,
  )
  record.stop()
  apply.stop()
  await stopped
  assert.equal(feeder.stoppedBy, 'record')
  assert.throws(() => apply.wait(() => 'ready'), LineStopped)
})

test('a line is as new after a reset', () => {
  const { feeder, source, record } = lines()
  source.setEncoding('compressed')
  source.countRead(2 ** 40)
  record.leave('blob')
  put(feeder, 'blob', 'x')
  assert.equal(record.waitForEncoding(), 'compressed')
  feeder.stop()
  feeder.reset()
  assert.deepEqual(
    [feeder.stopped, feeder.stoppedBy, feeder.progress, record.next('blob')],
    [false, undefined, { read: 0, unpacked: 0, entries: 0 }, undefined],
  )
})
