import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

import type { ByteStream } from '#ground/bytes'

import { CompressCrew } from './compress-crew.ts'
import { compressed, type CompressOptions } from './compressed.ts'
import { createDeflater } from './deflater.ts'

const lines = Array.from({ length: 20_000 }, (_, number) => `line ${number} of ${number * 31}\n`).join('')
const content = Buffer.concat([Buffer.from(lines.repeat(12)), randomBytes(3_000_000), Buffer.alloc(5_000_000)])

async function* inPieces(bytes: Uint8Array, step: number): ByteStream {
  for (let at = 0; at < bytes.byteLength; at += step) yield bytes.subarray(at, at + step)
}

async function collected(bytes: ByteStream, options: CompressOptions): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of compressed(bytes, options)) pieces.push(piece)
  return Buffer.concat(pieces)
}

function deflated(codec: 'gzip' | 'zstd', bytes: Uint8Array): Buffer {
  const deflater = createDeflater(codec)
  const pieces: Buffer[] = []
  const keep = (piece: Uint8Array): void => void pieces.push(Buffer.from(piece))
  deflater.push(bytes, keep)
  deflater.end(keep)
  return Buffer.concat(pieces)
}

for (const [codec, inflate] of [
  ['gzip', gunzipSync],
  ['zstd', zstdDecompressSync],
] as const) {
  test(`${codec}: the same content gives the same blob, on any number of threads and in any pieces`, async () => {
    const expected = deflated(codec, content)
    assert.ok(inflate(expected).equals(content))
    for (const threads of [1, 3]) {
      await using crew = new CompressCrew(threads)
      for (const step of [content.byteLength, 300_001]) {
        assert.ok((await collected(inPieces(content, step), { codec, crew })).equals(expected))
      }
      assert.ok(crew.threads <= threads)
    }
  })

  test(`${codec}: contents at the edges of a block come back`, async () => {
    for (const size of [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 4 << 20, (8 << 20) + 1]) {
      const part = content.subarray(0, size)
      const blob = await collected(inPieces(part, 100_000), { codec })
      assert.ok(inflate(blob).equals(part), `${size} bytes`)
      assert.ok(blob.equals(deflated(codec, part)), `${size} bytes`)
    }
  })
}

test('one block is compressed without any thread', async () => {
  await using crew = new CompressCrew(2)
  await collected(inPieces(content.subarray(0, 500_000), 1000), { codec: 'gzip', crew })
  assert.equal(crew.threads, 0)
})

test('an abort rejects with its reason, closes the source and leaves nothing at work', async () => {
  const reason = new Error('the user had enough')
  const stop = new AbortController()
  let isClosed = false
  const endless = async function* (): ByteStream {
    try {
      for (;;) yield content
    } finally {
      isClosed = true
    }
  }
  await using crew = new CompressCrew(2)
  let pieces = 0
  const read = async (): Promise<void> => {
    for await (const _piece of compressed(endless(), { codec: 'gzip', crew, signal: stop.signal })) {
      pieces += 1
      if (pieces === 10) stop.abort(reason)
    }
  }
  await assert.rejects(read(), reason)
  assert.deepEqual({ isClosed, pieces, busy: crew.busy }, { isClosed: true, pieces: 10, busy: 0 })
})

test('leaving the loop and a failing source end the work too', async () => {
  await using crew = new CompressCrew(2)
  for await (const _piece of compressed(inPieces(content, 1 << 20), { codec: 'zstd', crew })) break
  assert.equal(crew.busy, 0)

  const failing = async function* (): ByteStream {
    yield content
    throw new Error('the disk is gone')
  }
  await assert.rejects(collected(failing(), { codec: 'gzip', crew }), { message: 'the disk is gone' })
  assert.equal(crew.busy, 0)
})

test('a crew that is disposed of while it works rejects what it has not done', async () => {
  const crew = new CompressCrew(2)
  const read = async (): Promise<void> => {
    for await (const piece of compressed(inPieces(content, 1 << 20), { codec: 'gzip', level: 9, crew })) {
      if (piece.byteLength > 10) await crew[Symbol.asyncDispose]()
    }
  }
  await assert.rejects(read(), /disposed of|thread ended/)
  assert.deepEqual({ threads: crew.threads, busy: crew.busy }, { threads: 0, busy: 0 })
})

test('several streams share one crew and do not get mixed up', async () => {
  await using crew = new CompressCrew(2)
  const parts = [content, content.subarray(2_000_000), content.subarray(5_000_000)]
  const blobs = await Promise.all(parts.map(async (part) => collected(inPieces(part, 77_777), { codec: 'gzip', crew })))
  for (const [at, blob] of blobs.entries()) assert.ok(gunzipSync(blob).equals(parts[at] ?? content))
})

test('threads that have nothing to do let the program end', async () => {
  const program = `
    const { compressed } = await import(${JSON.stringify(import.meta.resolve('./compressed.ts'))})
    async function* bytes() { for (let at = 0; at < 4; at += 1) yield new Uint8Array(1 << 20) }
    let length = 0
    for await (const piece of compressed(bytes(), { codec: 'gzip' })) length += piece.length
    const done = performance.now()
    process.on('exit', () => console.log(JSON.stringify({ length, idle: performance.now() - done < 1500 })))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: process.cwd(),
  })
  const said: { length: number; idle: boolean } = JSON.parse(stdout)
  assert.ok(said.length > 1000 && said.idle, stdout)
})

test('a level that the codec does not have is refused', async () => {
  await assert.rejects(collected(inPieces(content, 1000), { codec: 'gzip', level: 0 }), {
    message: 'level: gzip has the levels 1 to 9, not 0',
  })
})
