import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import * as fc from 'fast-check'
import { Crc64 } from './crc64.ts'

function crcOf(...pieces: readonly Uint8Array[]): string {
  const crc = new Crc64()
  for (const piece of pieces) crc.update(piece)
  return crc.digest().toString('hex')
}

/** The definition, bit by bit. */
function slowCrcOf(bytes: Uint8Array): string {
  let register = 0xffff_ffff_ffff_ffffn
  for (const byte of bytes) {
    register ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++)
      register = (register & 1n) === 1n ? (register >> 1n) ^ (0xd8n << 56n) : register >> 1n
  }
  return (register ^ 0xffff_ffff_ffff_ffffn).toString(16).padStart(16, '0')
}

test('the check values of the polynomial', () => {
  assert.equal(crcOf(Buffer.from('123456789')), 'b90956c775a41001')
  assert.equal(crcOf(Buffer.from('foo')), '3c3c303000000000')
  assert.equal(crcOf(Buffer.from('hello\n')), Buffer.from('YUw+7uLYEAA=', 'base64').toString('hex'))
  assert.equal(crcOf(), '0000000000000000')
})

test('around every length at which the way of counting changes, it is what the definition says', () => {
  const bytes = Buffer.alloc(2400)
  for (let index = 0; index < bytes.length; index++) bytes[index] = (index * index * 31 + index) >> 3
  for (const around of [0, 8, 16, 1024, 2048, 2112, 2176]) {
    for (let length = Math.max(0, around - 3); length <= around + 9; length++) {
      assert.equal(crcOf(bytes.subarray(0, length)), slowCrcOf(bytes.subarray(0, length)), `${length} bytes`)
    }
  }
})

test('where the bytes are cut, and how they lie in memory, does not matter', () => {
  const bytes = Buffer.alloc(200_000, 'no period that divides a block: 37..')
  const whole = crcOf(bytes)
  const cuts = fc.array(fc.nat(bytes.length), { maxLength: 6 })
  fc.assert(
    fc.property(cuts, fc.nat(15), (places, shift) => {
      const ends = [0, ...places.toSorted((a, b) => a - b), bytes.length]
      const moved = Buffer.concat([Buffer.alloc(shift), bytes]).subarray(shift)
      assert.equal(crcOf(...ends.slice(1).map((end, index) => moved.subarray(ends[index], end))), whole)
    }),
    { numRuns: 50 },
  )
})

test('two sums at once do not disturb each other, and a sum can begin anew', () => {
  const [one, other] = [new Crc64(), new Crc64()]
  one.update(Buffer.from('1234'))
  other.update(Buffer.alloc(5000, 'x'))
  one.update(Buffer.from('56789'))
  assert.equal(one.digest().toString('hex'), 'b90956c775a41001')
  other.reset()
  other.update(Buffer.from('foo'))
  assert.equal(other.digest().toString('hex'), '3c3c303000000000')
})

test('it counts in a worker thread', async () => {
  const module = new URL('./crc64.ts', import.meta.url).href
  const script = `
    import { parentPort } from 'node:worker_threads'
    const { Crc64 } = await import(${JSON.stringify(module)})
    const crc = new Crc64()
    crc.update(new TextEncoder().encode('123456789'))
    parentPort.postMessage(Buffer.from(crc.digest()).toString('hex'))`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`))
  assert.deepEqual(await once(worker, 'message'), ['b90956c775a41001'])
})
