import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { Fault } from '#model'
import type { ByteStream } from './byte-stream.ts'
import { cancellable } from './cancellable.ts'
import { collect } from './collect.ts'
import { concatenated } from './concatenated.ts'
import { digestOfBytes } from './digest-of-bytes.ts'
import { openFileSource } from './file-source.ts'
import { fileStream } from './file-stream.ts'
import { limited } from './limited.ts'
import { measured } from './measured.ts'
import { tapped } from './tapped.ts'

const scratch = mkdtempSync(join(tmpdir(), 'bytes-'))
after(() => rmSync(scratch, { recursive: true }))

/** A stream that tells whether it was closed. */
function source(chunks: readonly string[]): { readonly bytes: ByteStream; given: number; closed: boolean } {
  const state = { given: 0, closed: false, bytes: stream() }
  async function* stream(): ByteStream {
    try {
      for (const chunk of chunks) {
        state.given++
        yield Buffer.from(chunk)
      }
    } finally {
      state.closed = true
    }
  }
  return state
}

function failure(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Fault && error.failure.code === code
}

test('a measured stream passes the bytes on and knows their digest and size at the end, not before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array()), async (chunks) => {
      const stream = measured(concatenated(chunks))
      assert.throws(() => stream.measurement(), TypeError)
      const bytes = await collect(stream, 1e6)
      assert.deepEqual(bytes, Buffer.concat(chunks))
      const hex = createHash('sha256').update(bytes).digest('hex')
      assert.deepEqual(stream.measurement(), { digest: `sha256:${hex}`, size: bytes.length })
      assert.equal(digestOfBytes(bytes), `sha256:${hex}`)
    }),
    { numRuns: 50 },
  )
})

test('one byte more than the limit is refused before it is passed on, and the source is closed', async () => {
  const exact = source(['abc', 'de'])
  assert.equal((await collect(exact.bytes, 5)).toString(), 'abcde')
  const more = source(['abc', 'def', 'ghi'])
  const passed: string[] = []
  const reading = async (): Promise<void> => {
    for await (const chunk of limited(more.bytes, 5)) passed.push(Buffer.from(chunk).toString())
  }
  await assert.rejects(reading, failure('limit-exceeded'))
  assert.deepEqual(passed, ['abc'])
  assert.deepEqual({ given: more.given, closed: more.closed }, { given: 2, closed: true })
})

test('nothing is asked of the source before the reader wants it', async () => {
  const slow = source(['a', 'b', 'c'])
  const seen: string[] = []
  const stream = measured(
    tapped(limited(slow.bytes, 100), (chunk) => {
      seen.push(Buffer.from(chunk).toString())
    }),
  )
  for await (const _ of stream) {
    assert.equal(slow.given, seen.length)
    if (seen.length === 2) break
  }
  assert.deepEqual([seen, slow.given, slow.closed, stream.passed], [['a', 'b'], 2, true, 2])
})

test('a silent source does not keep a reader that is cancelled', async () => {
  const cancel = new AbortController()
  async function* silent(): ByteStream {
    yield Buffer.from('a')
    await new Promise(() => undefined)
  }
  const reading = collect(cancellable(silent(), { signal: cancel.signal }), 10)
  setImmediate(() => cancel.abort(new Error('enough')))
  await assert.rejects(reading, { message: 'enough' })
})

test('a cancelled reader closes its source', async () => {
  const cancel = new AbortController()
  const lively = source(['a', 'b', 'c'])
  const reading = async (): Promise<void> => {
    for await (const _ of cancellable(lively.bytes, { signal: cancel.signal })) cancel.abort(new Error('enough'))
  }
  await assert.rejects(reading, { message: 'enough' })
  assert.deepEqual([lively.given, lively.closed], [1, true])
})

test('a file is read whole, in ranges, by path, by descriptor and from a pipe', async () => {
  const path = join(scratch, 'file')
  const content = Buffer.alloc(300_000, 'shale')
  writeFileSync(path, content)
  assert.deepEqual(await collect(fileStream(path, { chunkSize: 100_000 }), 1e6), content)
  const range = { offset: 7, length: 250_000 }
  assert.deepEqual(await collect(fileStream(path, { range }), 1e6), content.subarray(7, 250_007))
  const fd = openSync(path, 'r')
  assert.deepEqual(await collect(fileStream(fd, { range }), 1e6), content.subarray(7, 250_007))
  assert.deepEqual(await collect(fileStream(fd), 1e6), content)
  closeSync(fd)
  await assert.rejects(
    collect(fileStream(path, { range: { offset: 299_999, length: 2 } }), 10),
    failure('size-mismatch'),
  )
  const program = `
    import { fileStream } from '${new URL('./file-stream.ts', import.meta.url).href}'
    for await (const chunk of fileStream(0)) process.stdout.write(chunk)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(content)
  assert.deepEqual(await collect(child.stdout, 1e6), content)
})

test('a range announced larger than the file costs no memory', async () => {
  const path = join(scratch, 'small')
  writeFileSync(path, 'small')
  const before = process.memoryUsage().arrayBuffers
  const reading = collect(fileStream(path, { range: { offset: 0, length: 2 ** 50 } }), 2 ** 50)
  await assert.rejects(reading, failure('size-mismatch'))
  await using file = await openFileSource(path)
  await assert.rejects(file.read({ offset: 1, length: 2 ** 50 }), failure('size-mismatch'))
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 23)
})

test('a file that is left in the middle is closed', async () => {
  const path = join(scratch, 'left')
  writeFileSync(path, Buffer.alloc(200_000))
  for await (const _ of fileStream(path)) break
  const open = readdirSync('/proc/self/fd').filter((fd) => linkOf(fd) === path)
  assert.deepEqual(open, [])
})

function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined
  }
}

test('a file source answers with exactly the range', async () => {
  const path = join(scratch, 'source')
  writeFileSync(path, 'layer store')
  await using file = await openFileSource(path)
  assert.equal(file.size, 11)
  assert.equal(Buffer.from(await file.read({ offset: 6, length: 5 })).toString(), 'store')
  assert.equal((await file.read({ offset: 11, length: 0 })).length, 0)
  await assert.rejects(file.read({ offset: 7, length: 5 }), failure('size-mismatch'))
  await assert.rejects(file.read({ offset: 0, length: 1 }, { signal: AbortSignal.abort(new Error('enough')) }), {
    message: 'enough',
  })
})
