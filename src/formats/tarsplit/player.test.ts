import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { endOfArchive, formatTarHeader, padding, TarParser } from '#formats/tar'
import type { TarHeader } from '#formats/tar'
import type { ByteStream } from '#ground/bytes'
import { isFault, layerPath } from '#model'
import { playTarSplit } from './play-tar-split.ts'
import { TarSplitPlayer } from './player.ts'
import { TarSplitRecorder } from './recorder.ts'

type Files = Readonly<Record<string, Uint8Array>>

function entry(path: string, body: Uint8Array, fields: Partial<TarHeader> = {}): Buffer {
  const size = body.byteLength
  const plain = { mode: 0o644, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 } }
  const header = formatTarHeader({ kind: 'file', path: layerPath(path), size, ...plain, ...fields })
  return Buffer.concat([header, body, Buffer.alloc(padding(size), 'odd padding')])
}

function recorded(archive: Uint8Array): Buffer {
  const lines: Buffer[] = []
  const parser = new TarParser(new TarSplitRecorder((bytes) => void lines.push(bytes)))
  parser.push(archive)
  parser.end()
  return Buffer.concat(lines)
}

/** Plays with reads that give `most` bytes at a time, the JSON cut every `step` bytes. */
function played(lines: Uint8Array, files: Files, { step = 1000, most = Infinity } = {}) {
  const pieces: Buffer[] = []
  let open = 0
  const openBody = (path: string) => {
    const bytes = Buffer.from(files[path] ?? assert.fail(`${path} was not to be opened`))
    let at = 0
    open++
    return {
      read(into: Uint8Array) {
        const length = bytes.copy(into, 0, at, Math.min(at + most, bytes.length))
        at += length
        return length
      },
      close: () => void open--,
    }
  }
  const player = new TarSplitPlayer(openBody, (bytes) => void pieces.push(Buffer.from(bytes)))
  try {
    for (let at = 0; at < lines.byteLength; at += step) player.push(lines.subarray(at, at + step))
    player.end()
  } finally {
    assert.equal(open, 0, 'every file is closed')
  }
  return Buffer.concat(pieces)
}

async function streamed(lines: Uint8Array, files: Files): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  async function* inPieces(bytes: Uint8Array): ByteStream {
    for (let at = 0; at < bytes.byteLength; at += 700) yield bytes.subarray(at, at + 700)
  }
  const open = async (path: string): Promise<ByteStream> => inPieces(files[path] ?? assert.fail(path))
  for await (const bytes of playTarSplit(inPieces(lines), open)) pieces.push(Buffer.from(bytes))
  return Buffer.concat(pieces)
}

const large = Buffer.alloc(600_000, 'large ')
const files = { a: Buffer.from('hello'), 'caf\xe9': large, 'dir/exact': Buffer.alloc(262_144, 7) }
const archive = Buffer.concat([
  entry('a', files.a),
  entry('caf\xe9', large),
  entry('dir/', Buffer.alloc(0), { kind: 'directory' }),
  entry('dir/exact', files['dir/exact']),
  entry('l', Buffer.alloc(0), { kind: 'hard-link', linkPath: layerPath('a'), size: 5 }),
  endOfArchive,
  Buffer.from('trailing garbage'),
])

suite('played back, a tar is what it was', () => {
  test('however the JSON and the reads are cut', () => {
    const lines = recorded(archive)
    for (const step of [1, 7, 4096, lines.length]) assert.ok(played(lines, files, { step }).equals(archive))
    for (const most of [1000, 65_536, 262_144, 262_143]) assert.ok(played(lines, files, { most }).equals(archive))
  })

  test('also as a stream', async () => {
    assert.ok((await streamed(recorded(archive), files)).equals(archive))
  })

  test('also with a link whose header gives a size: there was no body, and the file is not opened', () => {
    const link = entry('l', Buffer.alloc(0), { kind: 'hard-link', linkPath: layerPath('a'), size: 5 })
    assert.ok(played(recorded(link), {}).equals(link))
  })

  test('also from JSON with whitespace, other fields, and an empty last segment', () => {
    const lines = recorded(archive).toString()
    const objects = lines
      .trimEnd()
      .replaceAll(/^\{/gm, String.raw`{"future":[{"deep":"}{\""}],`)
      .split('\n')
    const pretty = objects.map((json) => JSON.stringify(JSON.parse(json), undefined, 2)).join('\r\n\t ')
    assert.ok(played(Buffer.from(pretty), files).equals(archive))
    assert.ok(played(Buffer.from(objects.join('')), files).equals(archive))
    const older = `${lines}{"type":2,"payload":"","position":99}\n`
    assert.ok(played(Buffer.from(older), files).equals(archive))
  })
})

suite('a file that has changed is noticed', () => {
  const lines = recorded(archive)
  const changes: Readonly<Record<string, Uint8Array>> = {
    'other bytes': Buffer.from('hellO'),
    'one byte less': Buffer.from('hell'),
    'one byte more': Buffer.from('hello!'),
    'no bytes': Buffer.alloc(0),
    'many more': large,
  }
  for (const [change, bytes] of Object.entries(changes)) {
    test(change, async () => {
      const isModified = (error: unknown) =>
        isFault(error, 'content-modified') &&
        error.failure.path === 'a' &&
        error.message === 'file integrity checksum failed for "a"'
      assert.throws(() => played(lines, { ...files, a: bytes }), isModified)
      await assert.rejects(streamed(lines, { ...files, a: bytes }), isModified)
    })
  }

  test('a byte more behind a body that fills the copy buffer', () => {
    const grown = Buffer.concat([files['dir/exact'], Buffer.from('!')])
    assert.throws(
      () => played(lines, { ...files, 'dir/exact': grown }),
      (error) => isFault(error, 'content-modified'),
    )
  })

  test('a file that never ends is left after its recorded size', () => {
    let read = 0
    const endless = {
      read: ({ byteLength }: Uint8Array) => {
        read += byteLength
        return byteLength
      },
      close() {},
    }
    const player = new TarSplitPlayer(
      () => endless,
      () => undefined,
    )
    assert.throws(
      () => player.push(lines),
      (error) => isFault(error, 'content-modified'),
    )
    assert.equal(read, 6)
  })

  test('a stream that never ends likewise', async () => {
    async function* endless(): ByteStream {
      for (;;) yield Buffer.from('hello')
    }
    async function* json(): ByteStream {
      yield lines
    }
    const play = async () => {
      let length = 0
      for await (const bytes of playTarSplit(json(), endless)) length += bytes.byteLength
      return length
    }
    await assert.rejects(play(), (error) => isFault(error, 'content-modified'))
  })

  test('a sum that fits bytes of another number is no excuse', () => {
    const sumOfFoo = '{"type":1,"name":"a","size":9,"payload":"PDwwMAAAAAA=","position":0}'
    assert.throws(
      () => played(Buffer.from(sumOfFoo), { a: Buffer.from('foo') }),
      (error) => isFault(error, 'content-modified'),
    )
    played(Buffer.from(sumOfFoo.replace('9', '3')), { a: Buffer.from('foo') })
  })

  test('what cannot be opened is the error of whoever opens', () => {
    const refusal = new Error('gone')
    const player = new TarSplitPlayer(
      () => {
        throw refusal
      },
      () => undefined,
    )
    assert.throws(() => player.push(lines), refusal)
  })
})

suite('what is no tar-split is refused', () => {
  const broken: Readonly<Record<string, string>> = {
    text: 'hello',
    'an array': '[]',
    'a record cut in the middle': '{"type":2,"payload":"AA',
    'JSON that is none': '{"type":2,,}',
    'an unknown type': '{"type":3,"payload":"","position":0}',
    'no type': '{}',
    'a payload that is not base64': '{"type":2,"payload":"A*AA","position":0}',
    'base64 of another alphabet': '{"type":2,"payload":"A-_A","position":0}',
    'base64 without its end': '{"type":2,"payload":"AAA","position":0}',
    'a payload that is a number': '{"type":2,"payload":5}',
    'a negative fraction of a size': '{"type":1,"name":"a","size":-0.5}',
    'a size beyond all files': '{"type":1,"name":"a","size":1e300,"payload":"AAAAAAAAAAA="}',
    'a checksum of four bytes': '{"type":1,"name":"a","size":5,"payload":"AAAAAA=="}',
    'no checksum': '{"type":1,"name":"a","size":5,"payload":null}',
    'a name that is a list': '{"type":1,"name":[],"payload":null}',
    'a path twice': '{"type":1,"name":"a"}{"type":1,"name":"./a/"}',
    nesting: `{"a":${'['.repeat(1000)}`,
  }
  for (const [what, text] of Object.entries(broken)) {
    test(what, () => {
      for (const step of [1, text.length]) {
        assert.throws(
          () => played(Buffer.from(text), {}, { step }),
          (error) => isFault(error, 'tar-split-invalid'),
        )
      }
    })
  }

  test('a record without end costs 16 MiB, not more', () => {
    const player = new TarSplitPlayer(
      () => assert.fail(),
      () => undefined,
    )
    const more = Buffer.alloc(1 << 20, 'A')
    player.push(Buffer.from('{"type":2,"payload":"'))
    assert.throws(
      () => {
        for (let pushed = 0; pushed < 20; pushed++) player.push(more)
      },
      (error) => isFault(error, 'tar-split-invalid') && error.message.includes('16777216'),
    )
  })
})
