import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createReadStream, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { BlobBytes } from './contract.ts'
import { contentsOf, fileBlob, pieces, sha256, streamBlob, TestLayer } from './test-layer.ts'

const layer = new TestLayer()
after(() => layer[Symbol.dispose]())

const commands = {
  uncompressed: 'cat',
  gzip: 'gzip -c',
  bzip2: 'bzip2 -c',
  xz: 'xz -0 -c',
  zstd: 'zstd -q -c',
} as const

for (const [compression, command] of Object.entries(commands)) {
  test(`a ${compression} layer becomes the tree that GNU tar makes of it, and is measured in passing`, async () => {
    const path = layer.through(command)
    const { unpacked, directory } = await layer.unpack(fileBlob(path))

    const expected = layer.newDirectory()
    execFileSync('tar', ['--xattrs', '--xattrs-include=*', '-xpf', path, '-C', expected])
    assert.equal(contentsOf(directory), contentsOf(expected))

    const [blob, tar] = [readFileSync(path), readFileSync(layer.path)]
    assert.deepEqual(unpacked, {
      compression,
      blobDigest: sha256(blob),
      blobSize: blob.byteLength,
      diffId: sha256(tar),
      diffSize: tar.byteLength,
      uids: [0, 77, 1000],
      gids: [0, 78, 2000],
      entries: 311,
      headerBytes: layer.fileBytes,
      warnings: [],
    })
  })
}

test('what is recorded of a layer is what the original records', async (t) => {
  if (spawnSync('containers-storage', ['version']).error !== undefined)
    return t.skip('containers-storage is not installed')
  const path = layer.through('gzip -c')
  const tarSplitPath = layer.newPath()
  const { unpacked } = await layer.unpack(fileBlob(path), { tarSplitPath })

  const root = layer.newDirectory()
  const original = ['--graph', join(root, 'root'), '--run', join(root, 'run'), '--storage-driver', 'vfs']
  execFileSync('containers-storage', [...original, 'create-layer', '--id', 'one'])
  execFileSync('containers-storage', [...original, 'applydiff', '--file', path, 'one'])
  const [record] = JSON.parse(readFileSync(join(root, 'root/vfs-layers/layers.json'), 'utf8'))
  assert.deepEqual(
    [unpacked.blobDigest, unpacked.blobSize, unpacked.diffId, unpacked.diffSize, unpacked.uids, unpacked.gids],
    ['compressed-diff-digest', 'compressed-size', 'diff-digest', 'diff-size', 'uidset', 'gidset'].map(
      (key) => record[key],
    ),
  )
  const lines = gunzipSync(readFileSync(join(root, 'root/vfs-layers/one.tar-split.gz'))).toString()
  assert.equal(
    gunzipSync(readFileSync(tarSplitPath)).toString(),
    lines.replace(/\{"type":2,"payload":"","position":\d+\}\n$/, ''),
  )
  assert.equal(statSync(tarSplitPath).mode & 0o777, 0o600)
})

test('a stream, a file and a stretch of a file are one blob', async () => {
  const path = layer.through('zstd -q -c')
  const bytes = readFileSync(path)
  const surrounded = layer.newPath()
  writeFileSync(surrounded, Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')]))
  const blobs: readonly BlobBytes[] = [
    fileBlob(path),
    { kind: 'file', path: surrounded, offset: 6, length: bytes.byteLength },
    { kind: 'stream', bytes: pieces(bytes), size: bytes.byteLength },
    streamBlob(bytes, 1000),
    { kind: 'stream', bytes: createReadStream(path) },
  ]
  const results = await Promise.all(
    blobs.map(async (blob) => {
      const tarSplitPath = layer.newPath()
      const { unpacked, directory } = await layer.unpack(blob, { tarSplitPath })
      return { unpacked, contents: contentsOf(directory), tarSplit: readFileSync(tarSplitPath) }
    }),
  )
  for (const result of results) assert.deepEqual(result, results[0])
})

test('uncompressed streams are taken as well', async () => {
  const tar = readFileSync(layer.path)
  const { unpacked, directory } = await layer.unpack(streamBlob(tar))
  assert.deepEqual([unpacked.blobDigest, unpacked.diffId], [sha256(tar), sha256(tar)])
  assert.equal(contentsOf(directory), contentsOf((await layer.unpack(fileBlob(layer.path))).directory))
})

test('a named pipe is read like a stream', async () => {
  const fifo = layer.newPath()
  execFileSync('mkfifo', [fifo])
  spawn('sh', ['-c', `cat ${layer.path} > ${fifo}`])
  const { unpacked } = await layer.unpack(fileBlob(fifo))
  assert.equal(unpacked.diffId, sha256(readFileSync(layer.path)))
})

test('no bytes at all, and two empty blocks, are an empty layer', async () => {
  for (const tar of [new Uint8Array(0), new Uint8Array(1024)]) {
    for (const bytes of [tar, gzipSync(tar)]) {
      const { unpacked, directory } = await layer.unpack(streamBlob(bytes))
      assert.deepEqual(
        [unpacked.diffId, unpacked.blobDigest, unpacked.entries, unpacked.uids, readdirSync(directory)],
        [sha256(tar), sha256(bytes), 0, [], []],
      )
    }
  }
})

test('what follows the end of the archive belongs to the blob, the digest and the tar-split', async () => {
  const tar = Buffer.concat([readFileSync(layer.path), Buffer.alloc(3_000_000), Buffer.from('something else')])
  const tarSplitPath = layer.newPath()
  const { unpacked } = await layer.unpack(streamBlob(gzipSync(tar)), { tarSplitPath })
  assert.deepEqual([unpacked.diffId, unpacked.diffSize], [sha256(tar), tar.byteLength])
  const lines = gunzipSync(readFileSync(tarSplitPath)).toString().trimEnd().split('\n')
  const last = Buffer.from(JSON.parse(lines.at(-1) ?? '').payload, 'base64')
  assert.equal(last.subarray(-14).toString(), 'something else')
})

test('several layers unpacked at once are those unpacked one by one', async () => {
  const alone = await layer.unpack(fileBlob(layer.path))
  const together = await Promise.all(
    ['cat', 'gzip', 'zstd', 'gzip', 'cat', 'xz'].map((command) => layer.unpack(fileBlob(layer.through(command)))),
  )
  for (const { unpacked, directory } of together) {
    assert.equal(unpacked.diffId, alone.unpacked.diffId)
    assert.equal(contentsOf(directory), contentsOf(alone.directory))
  }
})

test('progress comes a few times a second and ends with the whole', async () => {
  const seen: { read: number; unpacked: number; entries: number }[] = []
  const bytes = readFileSync(layer.through('gzip -c'))
  const slow = (async function* () {
    yield bytes.subarray(0, 1000)
    await delay(450)
    yield bytes.subarray(1000)
  })()
  const { unpacked } = await layer.unpack(
    { kind: 'stream', bytes: slow },
    { onProgress: (progress) => seen.push(progress) },
  )
  assert.ok(seen.length >= 3 && seen.length <= 10, `${seen.length} reports`)
  assert.deepEqual(seen.at(-1), { read: unpacked.blobSize, unpacked: unpacked.diffSize, entries: unpacked.entries })
})

test('a process with nothing else to do ends at once', async () => {
  const program = `
    import { unpack } from ${JSON.stringify(import.meta.resolve('./index.ts'))}
    await unpack(${JSON.stringify(fileBlob(layer.path))}, { directory: ${JSON.stringify(layer.newDirectory())}, semantics: 'overlay' })
    console.log('unpacked', performance.now())
    process.on('exit', () => console.log('exit', performance.now()))
  `
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program])
  const [unpackedAt = Number.NaN, exitAt = Number.NaN] = [...stdout.toString().matchAll(/ (\d+)/g)].map(([, at]) =>
    Number(at),
  )
  assert.ok(exitAt - unpackedAt < 1000, `${String(stdout)}${String(stderr)}`)
})
