import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isFault, type Layer } from '#model'
import { formatContainers, parseContainers } from './container-codec.ts'
import { formatImages, parseImages } from './image-codec.ts'
import { compareUtf8, jsonString } from './json-text.ts'
import { formatLayers, parseLayers } from './layer-codec.ts'
import { formatMounts, parseMounts } from './mount-codec.ts'

const time = '2026-11-22T05:00:43.72740954Z'

/** A store of the original tool, and its records as text. */
function goStore() {
  const directory = mkdtempSync(join(tmpdir(), 'records-'))
  const [graph, run] = [join(directory, 'g'), join(directory, 'r')]
  return {
    go: (...args: string[]): string =>
      execFileSync('containers-storage', ['-g', graph, '-R', run, '-s', 'vfs', ...args], { encoding: 'utf8' }),
    read: (file: string): string => readFileSync(join(graph, file), 'utf8'),
    write: (file: string, text: string): void => writeFileSync(join(graph, file), text),
    mounts: (): string => readFileSync(join(run, 'vfs-layers', 'mountpoints.json'), 'utf8'),
    directory,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  }
}

const odd = 'tab\t quote" back\\ nl\n cr\r bs\b ff\f nul-ish\u0001 <&> \u2028\u2029 \u007f é 𝄞 /'

test('records that the original wrote are written back to the byte', () => {
  using store = goStore()
  const { go, directory } = store
  writeFileSync(join(directory, 'data'), 'some bytes')
  execFileSync('tar', ['-C', directory, '--owner=5', '--group=7', '-czf', join(directory, 'layer.tgz'), 'data'])
  go('import-layer', '-i', 'base', '-n', 'one <&>', '-n', odd, '-f', join(directory, 'layer.tgz'))
  go('create-layer', '-i', 'mapped', '--uidmap', '0:100000:65536', '--gidmap', '0:200000:65536', 'base')
  go('set-layer-data', '-f', join(directory, 'data'), 'base', 'a key')
  go('set-metadata', '-m', odd, 'base')
  go('create-image', '-i', 'image', '-n', 'an image', '-m', odd, 'base')
  for (const key of ['manifest', '￿', '𝄞', 'é', 'Z']) go('set-image-data', '-f', join(directory, 'data'), 'image', key)
  go('add-names', '-n', 'another', '-n', 'third', 'image')
  go('create-container', '-i', 'c', '-n', 'name', '-m', odd, '--volatile', 'image')
  go('set-container-data', '-f', join(directory, 'data'), 'c', 'some_data')
  go('mount', 'mapped')
  go('mount', 'mapped')

  const layers = store.read('vfs-layers/layers.json')
  assert.equal(formatLayers(parseLayers(layers, 'layers.json')), layers)
  const images = store.read('vfs-images/images.json')
  assert.equal(formatImages(parseImages(images, 'images.json')), images)
  const containers = store.read('vfs-containers/containers.json')
  assert.equal(formatContainers(parseContainers(containers, 'containers.json')), containers)
  assert.equal(formatMounts(parseMounts(store.mounts(), 'mountpoints.json')), store.mounts())

  const [base] = parseLayers(layers, 'layers.json')
  assert.deepEqual([base?.names, base?.compression, base?.uids, base?.metadata], [['one <&>', odd], 'gzip', [5], odd])
  go('unmount', '-f', 'mapped')
})

test('what the original makes of a text it has read is what we make of it', () => {
  using store = goStore()
  store.go('create-layer', '-i', 'a')
  const flags = '{"z":12345678901234567890,"a":{"y":1e21,"x":[1.50,null,true,"<"],"ä":1e-7},"incomplete":false}'
  const rest = '"created":"2020-01-02T03:04:05.500000+02:00","COMPRESSION":2,"Names":["x","y"],"diff-size":-1'
  store.write('vfs-layers/layers.json', ` [ {"ID":"a", ${rest},\n "flags":${flags} } ]\n`)
  store.go('set-metadata', '-m', 'm', 'a')
  const theirs = store.read('vfs-layers/layers.json')
  const [layer] = parseLayers(`[{"ID":"a", ${rest}, "flags":${flags}, "metadata":"m"}]`, 'layers.json')
  assert.ok(layer)
  assert.equal(formatLayers([layer]), theirs)
})

test('fields that nobody knows survive, with the order of their own fields, and so does a value beyond our words', () => {
  const unknown = '"x-new":{"b":1,"a":[1,{"c":"<"}]},"compression":9,"diff-digest":"md5:abc","__proto__":{"d":1}'
  const [layer] = parseLayers(`[{"id":"a","created":"${time}",${unknown}}]`, 'layers.json')
  assert.ok(layer)
  const text = '"x-new":{"b":1,"a":[1,{"c":"\\u003c"}]},"compression":9,"diff-digest":"md5:abc","__proto__":{"d":1}'
  assert.equal(formatLayers([layer]), `[{"id":"a","created":"${time}",${text}}]`)
  assert.equal(layer.compression, 'uncompressed')
  assert.equal(layer.diffId, undefined)

  const renewed: Layer = { ...layer, compression: 'zstd' }
  assert.equal(formatLayers([renewed]).match(/compression/g)?.length, 1)
  const image = `[{"id":"i","created":"${time}","x":{"n":1.5}}]`
  assert.equal(formatImages(parseImages(image, 'images.json')), image)
  const container = `[{"id":"c","image":"","layer":"l","created":"${time}","x":[null]}]`
  assert.equal(formatContainers(parseContainers(container, 'containers.json')), container)
})

test('of a field given twice the last one counts, in whatever case', () => {
  const [layer] = parseLayers('[{"id":"x","metadata":"1","Metadata":"2","id":"y"}]', 'layers.json')
  assert.deepEqual([layer?.id, layer?.metadata, layer?.created], ['y', '2', '0001-01-01T00:00:00Z'])
})

test('an empty file and null are no records; anything that cannot be read is said with the place, and refused', () => {
  assert.deepEqual(parseLayers('', 'l'), [])
  assert.deepEqual(parseLayers('null', 'l'), [])
  assert.deepEqual(parseImages('[]', 'l'), [])
  const broken: readonly (readonly [string, RegExp])[] = [
    ['[{"id":"a"', /^loading "f": /],
    ['{}', /^loading "f": is not a list$/],
    ['[{"id":"a"},7]', /^loading "f": record 1 is not an object$/],
    ['[{"names":[]}]', /record 0 has no "id"/],
    ['[{"id":""}]', /record 0 layer ID "" is invalid/],
    ['[{"id":"../../etc"}]', /record 0 layer ID "\.\.\/\.\.\/etc" is invalid/],
    ['[{"id":"a","parent":"../x"}]', /layer ID "\.\.\/x" is invalid/],
    ['[{"id":"a","names":"b"}]', /record 0 has a "names" that is not a list/],
    ['[{"id":"a","diff-size":"1"}]', /has a "diff-size" that is not a whole number/],
    ['[{"id":"a","created":"yesterday"}]', /is not an RFC 3339 time/],
    ['[{"id":"a","uidset":[-1]}]', /out of range/],
    ['[{"id":"a","flags":[]}]', /has a "flags" that is not an object/],
  ]
  for (const [text, problem] of broken) {
    assert.throws(
      () => parseLayers(text, 'f'),
      (error) => isFault(error, 'records-invalid') && problem.test(error.message),
      text,
    )
  }
  assert.throws(() => parseImages('[{"id":"a","digest":"sha256:ab"}]', 'f'), /validating image digest "sha256:ab"/)
})

test('a file of noise is refused or read, never more', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      for (const parse of [parseLayers, parseImages, parseContainers, parseMounts]) {
        try {
          parse(json, 'f')
        } catch (error) {
          assert.ok(isFault(error, 'records-invalid'))
        }
      }
    }),
  )
})

test('texts come back from their JSON as they were, and in ASCII where Go escapes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff)), (units) => {
      const text = String.fromCharCode(...units)
      assert.equal(JSON.parse(jsonString(text)), text.toWellFormed())
      assert.doesNotMatch(jsonString(text), /[<>&\u2028\u2029\u0000-\u001f]/)
    }),
  )
})

test('keys are ordered by their UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
      assert.equal(compareUtf8(a, b), Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
  )
})

test('fifty thousand layers are read in well under a second', () => {
  const hex = (n: number): string => n.toString(16).padStart(64, '0')
  const rows = Array.from(
    { length: 50_000 },
    (_, n) =>
      `{"id":"${hex(n + 1)}","parent":"${hex(n)}","created":"${time}","compressed-diff-digest":"sha256:${hex(n)}","compressed-size":${n + 1},"diff-digest":"sha256:${hex(n)}","diff-size":${n + 1},"compression":2,"uidset":[0],"gidset":[0]}`,
  )
  const text = `[${rows.join(',')}]`
  assert.equal(formatLayers(parseLayers(text, 'layers.json')), text)
  const cost = Math.min(...[1, 2, 3].map(() => processorTime(() => parseLayers(text, 'layers.json'))))
  assert.ok(cost < 1000, `${cost} ms`)
})

/** Milliseconds that this process spent: the machine may be busy with others. */
function processorTime(work: () => unknown): number {
  const begin = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(begin)
  return (user + system) / 1000
}
