import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'

import { Fault } from '#model'

import type { Decoder } from './decoder.ts'
import { nativeOf, openDirectEngine } from './direct-engine.ts'
import { GzipDecoder } from './gzip-decoder.ts'
import type { InflateEngine } from './inflate-engine.ts'
import { ThreadedEngine } from './threaded-engine.ts'
import { ZstdDecoder } from './zstd-decoder.ts'

const content = Buffer.concat([Buffer.from('one of many lines\n'.repeat(300_000)), Buffer.alloc(4_000_000)])

const codecs = [
  {
    kind: 'gzip',
    compress: gzipSync,
    decoder: (engine: InflateEngine): Decoder => new GzipDecoder(engine),
  },
  {
    kind: 'zstd',
    compress: zstdCompressSync,
    decoder: (engine: InflateEngine): Decoder => new ZstdDecoder(engine, 1 << 27),
  },
] as const

function outcome(decoder: Decoder, blob: Uint8Array, step = blob.byteLength): Buffer | string {
  const pieces: Buffer[] = []
  const drain = (): void => {
    for (let piece = decoder.read(); piece !== undefined; piece = decoder.read()) pieces.push(Buffer.from(piece))
  }
  try {
    for (let at = 0; at < blob.byteLength; at += step) {
      decoder.feed(blob.subarray(at, at + step))
      drain()
    }
    decoder.finish()
    drain()
    return Buffer.concat(pieces)
  } catch (error) {
    if (error instanceof Fault) return error.message
    throw error
  } finally {
    decoder.close()
  }
}

for (const { kind, compress, decoder } of codecs) {
  test(`${kind}: without the private engine everything is the same, only slower`, () => {
    const whole = compress(content)
    const small = compress(Buffer.from('small'))
    const cases = [
      { blob: whole },
      { blob: Buffer.concat([whole, small, small]) },
      { blob: Buffer.concat([small, whole]), step: 5000 },
      { blob: whole.subarray(0, whole.byteLength - 1) },
      { blob: small.subarray(0, 5) },
      { blob: Buffer.concat([small, Buffer.alloc(30)]) },
      { blob: Buffer.concat([small, Buffer.alloc(30)]), step: small.byteLength + 3 },
      { blob: Buffer.concat([small, Buffer.from('garbage')]) },
      { blob: Buffer.concat([small, Buffer.from('\0\0\0garbage')]), step: small.byteLength + 1 },
    ]
    for (const { blob, step } of cases) {
      const direct = openDirectEngine(kind, { windowLog: 27 })
      assert.ok(direct !== undefined)
      const threaded = new ThreadedEngine(kind, { windowLog: 27 })
      assert.deepEqual(outcome(decoder(threaded), blob, step), outcome(decoder(direct), blob, step))
    }
  })
}

test('a zlib stream whose inside is not as known is not touched', () => {
  const handle = { writeSync: () => undefined, close: () => undefined, onerror: () => undefined }
  const state = new Uint32Array(2)
  assert.ok(nativeOf({ _handle: handle, _writeState: state }) !== undefined)
  const strangers = [
    {},
    { _handle: handle },
    { _handle: null, _writeState: state },
    { _handle: { ...handle, writeSync: 'gone' }, _writeState: state },
    { _handle: handle, _writeState: new Uint32Array(1) },
    { _handle: handle, _writeState: [0, 0] },
  ]
  for (const stranger of strangers) assert.equal(nativeOf(stranger), undefined)
})
