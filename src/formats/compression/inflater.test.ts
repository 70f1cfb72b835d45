import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { type Compression, Fault, isFault } from '#model'

import { createInflater } from './inflater.ts'

type Codec = Exclude<Compression, 'uncompressed'>

const codecs: readonly Codec[] = ['gzip', 'zstd', 'xz', 'bzip2']

/** The tool that writes a codec, or the reason why the tests of it do not run here. */
const missing = new Map(
  codecs.map((codec) => [
    codec,
    spawnSync(codec, ['--help']).error === undefined ? false : `${codec} is not installed`,
  ]),
)

const line = 'a layer is a record and its content in the store\n'
const text = Buffer.from(line.repeat(20))

function compressedBy(codec: Codec, content: Uint8Array, ...flags: readonly string[]): Buffer {
  return execFileSync(codec, ['-c', ...flags], {
    input: content,
    maxBuffer: 2 ** 30,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
}

function inflated(codec: Compression, blob: Uint8Array, options: { step?: number; windowBytes?: number } = {}): Buffer {
  const { step = Math.max(1, blob.byteLength), ...limits } = options
  using inflater = createInflater(codec, limits)
  const pieces: Buffer[] = []
  const keep = (bytes: Uint8Array): void => {
    assert.ok(bytes.byteLength <= 1 << 20, 'pieces are small, so that a caller can stop between two of them')
    pieces.push(Buffer.from(bytes))
  }
  for (let at = 0; at < blob.byteLength; at += step) inflater.push(blob.subarray(at, at + step), keep)
  inflater.end(keep)
  return Buffer.concat(pieces)
}

/** Programs and text, long enough to need several blocks, windows and pieces. */
function varied(bytes: number): Buffer {
  const source = Buffer.concat([randomBytes(bytes >> 3), Buffer.alloc(bytes >> 2), Buffer.from(line.repeat(200))])
  const numbered = Array.from({ length: 4000 }, (_, number) => `entry ${number} ${number * 7919}\n`).join('')
  return Buffer.concat([source, Buffer.from(numbered.repeat(Math.ceil(bytes / 2 / numbered.length))), source]).subarray(
    0,
    bytes,
  )
}

/** Whether a byte may have bits without consequence: the file's time and system, a larger window, unused codes, filling. */
function mayBeFree(codec: Codec, byte: number, length: number): boolean {
  switch (codec) {
    case 'gzip':
      return (byte >= 3 && byte < 10) || byte === length - 9
    case 'zstd':
      return byte === 4 || byte === 5
    case 'bzip2':
      // All but the CRCs of the block and of the stream.
      return (byte < 10 || byte > 13) && (byte < length - 5 || byte === length - 1)
    case 'xz':
      return false
  }
}

for (const codec of codecs) {
  const skip = missing.get(codec) ?? false
  const stored = (): Buffer => compressedBy(codec, text)

  test(`${codec}: what the ${codec} tool wrote comes back, however it is cut`, { skip }, () => {
    const content = varied(2_500_000)
    const blob = compressedBy(codec, content)
    for (const step of [blob.byteLength, 1 << 20, 40_961]) assert.ok(inflated(codec, blob, { step }).equals(content))
    assert.ok(inflated(codec, stored(), { step: 1 }).equals(text))
    assert.ok(inflated(codec, compressedBy(codec, Buffer.alloc(0))).equals(Buffer.alloc(0)))
  })

  test(`${codec}: blobs one behind the other are one content`, { skip }, () => {
    const blob = Buffer.concat([
      stored(),
      compressedBy(codec, Buffer.alloc(0)),
      compressedBy(codec, Buffer.from('tail')),
    ])
    for (const step of [blob.byteLength, 7, 1]) {
      assert.equal(inflated(codec, blob, { step }).toString(), `${text.toString()}tail`)
    }
  })

  test(`${codec}: a blob that stops early is refused, wherever it stops`, { skip }, () => {
    const blob = stored()
    for (let length = 0; length < blob.byteLength; length += 1) {
      assert.throws(
        () => inflated(codec, blob.subarray(0, length)),
        { message: `${codec}: unexpected EOF` },
        `at ${length}`,
      )
    }
  })

  test(`${codec}: a second blob that stops early is refused too`, { skip }, () => {
    const blob = Buffer.concat([stored(), stored()])
    for (let length = stored().byteLength + 1; length < blob.byteLength; length += 1) {
      assert.throws(
        () => inflated(codec, blob.subarray(0, length)),
        { message: `${codec}: unexpected EOF` },
        `at ${length}`,
      )
    }
  })

  test(`${codec}: a bit that fell over is noticed, unless nothing depends on it`, { skip }, () => {
    const blob = stored()
    for (let bit = 0; bit < blob.byteLength * 8; bit += 1) {
      const damaged = Buffer.from(blob)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const result = outcome(codec, damaged)
      if (result instanceof Fault) continue
      assert.ok(result.equals(text), `bit ${bit} gives other bytes`)
      assert.ok(mayBeFree(codec, bit >> 3, blob.byteLength), `nothing looks at bit ${bit}`)
    }
  })

  test(`${codec}: garbage behind the end is refused`, { skip }, () => {
    for (const garbage of ['x', 'garbage behind the end', '\0\0\0\0not zero']) {
      const blob = Buffer.concat([stored(), Buffer.from(garbage)])
      for (const step of [blob.byteLength, 1]) {
        assert.ok(outcome(codec, blob, step) instanceof Fault, `${JSON.stringify(garbage)} in steps of ${step}`)
      }
    }
  })

  test(`${codec}: noise is refused or read, and nothing else happens`, { skip }, () => {
    const blob = compressedBy(codec, varied(3000))
    const damage = fc.array(fc.record({ at: fc.nat(blob.byteLength - 1), byte: fc.nat(255) }), {
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(damage, fc.nat(blob.byteLength), fc.uint8Array({ maxLength: 200 }), (changes, cut, noise) => {
        const damaged = Buffer.from(blob)
        for (const { at, byte } of changes) damaged[at] = byte
        outcome(codec, Buffer.concat([damaged.subarray(0, cut), noise, damaged.subarray(cut)]), 113)
        outcome(codec, Buffer.concat([blob.subarray(0, 20), noise]))
      }),
      { numRuns: 150 },
    )
  })

  test(`${codec}: thirty thousand empty blobs are read in a moment`, { skip }, () => {
    const empty = compressedBy(codec, Buffer.alloc(0))
    const blob = Buffer.concat([...Array.from({ length: 30_000 }, () => empty), stored()])
    const before = performance.now()
    assert.ok(inflated(codec, blob).equals(text))
    assert.ok(performance.now() - before < 10_000)
  })

  test(`${codec}: a bomb goes off in small pieces and little memory, and can be stopped`, { skip }, () => {
    const part = compressedBy(codec, Buffer.alloc(32 << 20))
    const parts = codec === 'gzip' || codec === 'zstd' ? 32 : 3
    const bomb = Buffer.concat(Array.from({ length: parts }, () => part))
    const before = process.memoryUsage().rss
    let [bytes, most] = [0, before]
    using inflater = createInflater(codec)
    const count = (piece: Uint8Array): void => {
      bytes += piece.byteLength
      most = Math.max(most, process.memoryUsage.rss())
    }
    inflater.push(bomb, count)
    inflater.end(count)
    assert.equal(bytes, parts * (32 << 20))
    assert.ok(most - before < 96 << 20, `${(most - before) >> 20} MiB more than before`)

    using stopped = createInflater(codec)
    let pieces = 0
    const stop = (): void => {
      pieces += 1
      throw new Error('enough')
    }
    assert.throws(() => stopped.push(bomb, stop), { message: 'enough' })
    assert.equal(pieces, 1)
  })
}

test('gzip: zeros behind the last member are padding', { skip: missing.get('gzip') ?? false }, () => {
  const blob = Buffer.concat([compressedBy('gzip', text), Buffer.alloc(10_000)])
  for (const step of [blob.byteLength, 4096, 1]) assert.ok(inflated('gzip', blob, { step }).equals(text))
})

test('gzip: what is wrong is said in the words of Go', { skip: missing.get('gzip') ?? false }, () => {
  const blob = compressedBy('gzip', text)
  const wrongCrc = Buffer.from(blob)
  wrongCrc.writeUInt32LE(1, blob.byteLength - 8)
  const said = [wrongCrc, Buffer.concat([blob, Buffer.from('garbage')]), Buffer.from('no gzip at all')].map((damaged) =>
    String(outcome('gzip', damaged)),
  )
  assert.deepEqual(said, [
    'Fault: gzip: invalid checksum',
    'Fault: gzip: invalid header',
    'Fault: gzip: invalid header',
  ])
})

test('bytes that are not compressed pass as they are', () => {
  const content = varied(3_000_000)
  assert.ok(inflated('uncompressed', content).equals(content))
})

/** The content, or the Fault that says what is wrong. Any other error is one of ours. */
function outcome(codec: Codec, blob: Uint8Array, step?: number): Buffer | Fault {
  try {
    return inflated(codec, blob, { windowBytes: 64 << 20, ...(step !== undefined && { step }) })
  } catch (error) {
    if (isFault(error, 'compression-invalid') || isFault(error, 'unsupported')) return error
    throw error
  }
}
