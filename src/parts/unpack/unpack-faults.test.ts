import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Fault, isFault } from '#model'
import type { BlobBytes } from './contract.ts'
import { fileBlob, fileEntry, pieces, streamBlob, TestLayer } from './test-layer.ts'
import { unpack } from './unpack.ts'

const layer = new TestLayer()
after(() => layer[Symbol.dispose]())

test('an abort stops the work soon, leaves nobody at work, and the next unpacking goes well', async () => {
  const controller = new AbortController()
  const directory = layer.newDirectory()
  let isClosed = false
  const endless = (async function* () {
    try {
      for (let i = 0; ; i += 1) yield* pieces(fileEntry(`file-${i}`, 100_000))
    } finally {
      isClosed = true
    }
  })()
  const options = { signal: controller.signal }
  const unpacking = unpack({ kind: 'stream', bytes: endless }, { directory, semantics: 'overlay' }, options)
  const rejected = assert.rejects(unpacking, { message: 'enough' })
  while (readdirSync(directory).length < 10) await delay(5)
  const aborted = performance.now()
  controller.abort(new Error('enough'))
  await rejected
  const took = performance.now() - aborted
  assert.ok(took < 1000, `${took} ms`)
  const files = readdirSync(directory).length
  await delay(50)
  assert.deepEqual([readdirSync(directory).length, isClosed], [files, true])
  await layer.unpack(fileBlob(layer.path))
})

test('an abort is heard by one that waits for its turn, and by one whose stream says nothing', async () => {
  const silent = (): BlobBytes => ({ kind: 'stream', bytes: neverAnswering() })
  const controllers = Array.from({ length: 12 }, () => new AbortController())
  const unpackings = controllers.map(({ signal }) => layer.unpack(silent(), { signal }))
  const rejected = unpackings.map((unpacking, i) => assert.rejects(unpacking, { message: `reason ${i}` }))
  for (const i of [11, 0, 5]) controllers[i]?.abort(new Error(`reason ${i}`))
  await Promise.all([rejected[11], rejected[0], rejected[5]])
  controllers.forEach((controller, i) => controller.abort(new Error(`reason ${i}`)))
  await Promise.all(rejected)
  await assert.rejects(layer.unpack(silent(), { signal: AbortSignal.abort(new Error('before')) }), {
    message: 'before',
  })
})

// oxlint-disable-next-line require-yield -- that it never yields is what is tested
async function* neverAnswering(): AsyncGenerator<Uint8Array> {
  await new Promise(() => undefined)
}

test('an error of the stream, of the tar and of the directory arrives as it was thrown', async () => {
  const broken = (async function* () {
    yield fileEntry('file', 10)
    throw new RangeError('connection reset')
  })()
  await assert.rejects(layer.unpack({ kind: 'stream', bytes: broken }), {
    name: 'RangeError',
    message: 'connection reset',
  })

  const garbage = Buffer.concat([fileEntry('file', 512), Buffer.alloc(512, 'no header')])
  await assert.rejects(layer.unpack(streamBlob(garbage)), (error) => {
    assert.ok(isFault(error, 'tar-invalid'))
    assert.equal(error.failure.offset, 1024)
    return true
  })

  const missing = unpack(fileBlob(layer.path), { directory: layer.newPath(), semantics: 'overlay' })
  await assert.rejects(missing, (error) => error instanceof Fault && error.cause instanceof Error)
  await assert.rejects(layer.unpack(fileBlob(layer.newPath())), { code: 'ENOENT' })
  await assert.rejects(layer.unpack(fileBlob(layer.path), { tarSplitPath: layer.path }), { code: 'EEXIST' })
  const onProgress = (): never => {
    throw new RangeError('of the listener')
  }
  await assert.rejects(layer.unpack(fileBlob(layer.path), { onProgress }), { message: 'of the listener' })
})

test('a blob that is not as long as announced is refused', async () => {
  const bytes = readFileSync(layer.path)
  for (const size of [bytes.byteLength - 1, bytes.byteLength + 1]) {
    await assert.rejects(layer.unpack({ kind: 'stream', bytes: pieces(bytes), size }), (error) =>
      isFault(error, 'size-mismatch'),
    )
  }
  const tooLong: BlobBytes = { kind: 'file', path: layer.path, length: bytes.byteLength + 1 }
  await assert.rejects(layer.unpack(tooLong), (error) => isFault(error, 'size-mismatch'))
})
