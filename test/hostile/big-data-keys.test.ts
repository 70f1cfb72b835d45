// Keys of big data become names of files: by the rule of the format, or not at all. Through the drop-in, whose users name the keys, and
// through the library.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault, listImages, readBigData, writeBigData } from '../../src/index.ts'
import { must } from '../place.ts'
import { end, rawEntry } from './raw-tar.ts'
import { type Victim, usedVictim } from './victim.ts'

const first = Buffer.concat([rawEntry({ name: 'file' }, 'first'), end])

/** The id of its only image, and the directory of the image's items. */
async function imageOf(victim: Victim): Promise<{ readonly id: string; readonly directory: string }> {
  const [image] = await listImages(await victim.store())
  assert.ok(image)
  return { id: image.id, directory: join(victim.place.graph, `${victim.place.driver}-images`, image.id) }
}

test('a key that would lead to the directory, out of it, or below another item is refused', async () => {
  using victim = usedVictim('vfs', first)
  const { id } = await imageOf(victim)
  const store = await victim.store()
  const keys = [
    '/',
    '.',
    '..',
    './',
    '../',
    '../..',
    '../../images.json',
    '/etc/x',
    '..//..',
    'a\0b',
    '\0',
    'x??>>',
    '../../../outside/secret',
  ]
  for (const key of keys) {
    const before = victim.listing()
    const write = async () => writeBigData(store, { kind: 'image', object: id, key, bytes: Buffer.from('pwned') })
    let code = 'written'
    try {
      await write()
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      code = error.failure.code
    }
    victim.assertUntouched()
    // Upper-case letters and the like make a key base64, slashes and all: then it is one name, and written.
    if (code === 'path-escapes-root') assert.deepEqual(victim.listing(), before)
    else assertItem(victim, id, key)
  }
  await assert.rejects(
    writeBigData(store, { kind: 'image', object: id, key: '', bytes: Buffer.alloc(1) }),
    /can't be empty|empty/,
  )
})

function assertItem({ place }: Victim, id: string, key: string): void {
  const directory = join(place.graph, `${place.driver}-images`, id)
  const encoded = `=${Buffer.from(key).toString('base64')}`
  assert.ok(
    [encoded, key].some((name) => !name.includes('/') && existsSync(join(directory, name))),
    `${JSON.stringify(key)} lies nowhere`,
  )
}

test('the drop-in refuses such keys too, and lists none of them', async () => {
  using victim = usedVictim('overlay', first)
  const { id, directory } = await imageOf(victim)
  const file = join(victim.place.directory, 'item')
  writeFileSync(file, 'pwned')
  const before = victim.listing()
  for (const key of ['/', '..', '../', '.']) {
    const given = victim.place.dropIn('set-image-data', '-f', file, id, key)
    assert.equal(given.status, 1, key)
    victim.assertUntouched()
  }
  assert.deepEqual(victim.listing(), before)
  must(victim.place.dropIn('set-image-data', '-f', file, id, '../../../outside/Secret'))
  victim.assertUntouched()
  const name = readdirSync(directory).find((item) => item.startsWith('=Li4v')) ?? ''
  assert.equal(readFileSync(join(directory, name), 'utf8'), 'pwned')
  assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600)
  assert.equal(must(victim.place.go('get-image-data', id, '../../../outside/Secret')), 'pwned')
})

test('what a pull names its items after is a checked digest', async () => {
  using victim = usedVictim('overlay', first)
  const { id, directory } = await imageOf(victim)
  const names = readdirSync(directory).map((name) =>
    name.startsWith('=') ? Buffer.from(name.slice(1), 'base64').toString() : name,
  )
  for (const name of names) assert.match(name, /^(?:manifest|manifest-sha256:[0-9a-f]{64}|sha256:[0-9a-f]{64})$/)
  const store = await victim.store()
  for (const key of names) assert.ok((await readBigData(store, { kind: 'image', object: id, key })).byteLength > 0)
})
