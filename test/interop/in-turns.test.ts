// Debian's containers-storage and our drop-in work on one store in turns, by chance, while the original alone does the same on a
// second one: every answer is the same, both list the same after every step, and in the end both stores hold the same.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { type Answer, type DriverName, makePlace, must, type Place } from '../place.ts'
import { treeListing } from '../tree-listing.ts'
import { Dice, seed } from './dice.ts'
import { assertSameStores } from './same-stores.ts'
import { contentOf } from './store-skeleton.ts'
import { chooseTurn, type Command, type There, type Turn } from './turns.ts'
import { variedTars } from './varied-tars.ts'

const steps = Number(process.env['SHALE_TURNS'] ?? 60)

for (const driver of ['overlay', 'vfs'] satisfies readonly DriverName[]) {
  test(`in turns on one store nothing is lost or told otherwise (${driver}, seed ${seed}, ${steps} steps)`, async (context) => {
    using tars = await variedTars()
    using place = makePlace(driver)
    using original = makePlace(driver)
    const dice = new Dice(seed)
    const told: string[] = []
    const either = (): readonly [string, Command] => (dice.chance(0.5) ? ['go', place.go] : ['ours', place.dropIn])
    try {
      for (let step = 0; step < steps; step++) {
        const turn = chooseTurn(dice, whatIsThere(original), tars)
        const [who, program] = either()
        told.push(`${who}: ${turn.words.join(' ')}`)
        const expected = original.go(...wordsAt(original, turn))
        const actual = program(...wordsAt(place, turn))
        if (!ownFailures.test(expected.stderr)) {
          assert.deepEqual(comparable(actual, place, turn), comparable(expected, original, turn), turn.words.join(' '))
        }
        const [whoThen, programThen] = either()
        if (turn.after !== undefined) told.push(`${whoThen}: …after it`)
        turn.after?.(expected, original.go)
        turn.after?.(actual, programThen)
        assertListAlike(place, [dice.oneOf(families)])
        if (step % 10 === 9) assertSameStores(place, original)
      }
      assertSameStores(place, original)
      assertListAlike(place, families)
      assertSameContents(place, original)
      removeAll(place, either)
    } catch (error) {
      context.diagnostic(`SHALE_SEED=${seed} SHALE_TURNS=${steps}, so far:\n${told.join('\n')}`)
      throw error
    }
  })
}

function wordsAt(place: Place, { words }: Turn): readonly string[] {
  const layerOf = (id: string): string =>
    recordsOn(place, 'containers').find((container) => container.id === id)?.layer ?? 'gone'
  return words.map((word) => (word.startsWith('@') ? layerOf(word.slice(1)) : word))
}

/** `changes` of 1.43, where a directory lies over what was a file. */
const ownFailures = /^lstat .*: not a directory$/m

const families = ['layers', 'images', 'containers'] as const

function assertListAlike(place: Place, which: readonly (typeof families)[number][], unknown: object = {}): void {
  for (const family of which) {
    const [ours, theirs] = [place.dropIn, place.go].map((program) => {
      // None is `[]` in one release and `null` in another.
      const listed = JSON.parse(must(program(family, '-j'))) as readonly object[] | null
      return (listed ?? []).map((record) => Object.entries(record).filter(([field]) => !(field in unknown)))
    })
    assert.deepEqual(ours, theirs, family)
  }
}

/** As they lie on the disk: without asking anybody. */
function recordsOn(place: Place, family: (typeof families)[number]): readonly Records[] {
  const file = path.join(place.graph, `${place.driver}-${family}/${family}.json`)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly Records[]) : []
}

function whatIsThere(place: Place): There {
  const ids = (family: (typeof families)[number]): readonly string[] => recordsOn(place, family).map(({ id }) => id)
  return { layers: ids('layers'), images: ids('images'), containers: ids('containers') }
}

interface Records {
  readonly id: string
  readonly layer?: string
}

function recordsOf(place: Place, family: (typeof families)[number]): readonly Records[] {
  return (JSON.parse(must(place.go(family, '-j'))) as readonly Records[] | null) ?? []
}

/** What came in as a tar comes out as the same bytes by both programs; all else holds the same files. */
function assertSameContents(place: Place, original: Place): void {
  const layerOf = new Map(recordsOf(original, 'containers').map(({ id, layer }) => [id, layer]))
  for (const { id, layer } of recordsOf(place, 'containers')) {
    assertSameFiles(place, layer ?? '', original, layerOf.get(id) ?? '')
  }
  const ofContainers = new Set(recordsOf(place, 'containers').map(({ layer }) => layer))
  for (const { id } of recordsOf(place, 'layers')) {
    if (ofContainers.has(id)) continue
    assertSameFiles(place, id, original, id)
    const [ours, theirs, expected] = [place.dropIn, place.go, original.go].map((program, index) => {
      const file = path.join(place.directory, `diff-${index}`)
      const { status, stderr } = program('diff', '-u', '-f', file, id)
      return { status, stderr: stderr.replaceAll(/^time=.*\n/gm, ''), bytes: status === 0 ? readFileSync(file) : '' }
    })
    assert.deepEqual({ ...ours, bytes: '' }, { ...expected, bytes: '' }, `diff ${id}`)
    assert.deepEqual({ ...theirs, bytes: '' }, { ...expected, bytes: '' }, `diff ${id}`)
    if (!hasTarSplit(place, id)) continue
    assert.ok(Buffer.from(ours?.bytes ?? '').equals(Buffer.from(theirs?.bytes ?? '')), `the bytes of ${id}`)
    assert.ok(Buffer.from(ours?.bytes ?? '').equals(Buffer.from(expected?.bytes ?? '')), `the bytes of ${id}`)
  }
}

function hasTarSplit(place: Place, id: string): boolean {
  const layers = JSON.parse(must(place.go('layer', '-j', id))) as readonly { readonly 'diff-digest'?: string }[]
  return layers.some((layer) => layer['diff-digest'] !== undefined)
}

function assertSameFiles(place: Place, id: string, original: Place, originalId: string): void {
  const listing = (where: Place, layer: string) => treeListing(contentOf(where, layer), { times: 'ignore' })
  assert.deepEqual(listing(place, id), listing(original, originalId), `files of ${id}`)
}

/** In turns as well, from the top down, until neither lists anything. */
function removeAll(place: Place, either: () => readonly [string, Command]): void {
  for (const { id } of recordsOf(place, 'containers')) must(either()[1]('delete-container', id))
  for (const { id } of recordsOf(place, 'images')) must(either()[1]('delete-image', id))
  for (let left = recordsOf(place, 'layers'); left.length > 0; left = recordsOf(place, 'layers')) {
    const { id } = left.at(-1) ?? { id: '' }
    must(either()[1]('delete-layer', id))
  }
  assertListAlike(place, families)
  const contents = treeListing(place.graph, { times: 'ignore' })
  const left = Object.keys(contents).filter((name) => /(?:^|\/)(?:l|i|pod)\d(?:\/|$)|tar-split|\/l\/./.test(name))
  assert.deepEqual(left, [])
}

/** What cannot be equal: places, times, and random ids. */
function comparable(answer: Answer, place: Place, { wordless, inAnyOrder }: Turn): Answer {
  if (wordless === true) return { stdout: '', stderr: '', status: answer.status }
  const plain = (text: string): string =>
    text
      .replaceAll(place.directory, 'PLACE')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME')
      .replaceAll(/[0-9a-f]{64}/g, 'ID')
      .replaceAll(/^time=.*\n/gm, '')
  const stdout = plain(answer.stdout)
  return {
    stdout: inAnyOrder === true ? stdout.split('\n').toSorted().join('\n') : stdout,
    stderr: plain(answer.stderr),
    status: answer.status,
  }
}

test('fields that nobody here knows stay in the records that we write, and the original reads them', async () => {
  using tars = await variedTars()
  using place = makePlace('vfs')
  must(place.go('import-layer', '-i', 'layer', '-n', 'name', '-f', tars.top))
  must(place.go('create-image', '-i', 'image', '-n', 'name', 'layer'))
  must(place.go('create-container', '-i', 'container', '-n', 'name', 'image'))
  const unknown = { 'x-future': { list: [1, 2.5, null, 'é<>'], on: true }, zz: '12345678901234567890' }
  const file = (family: string): string => path.join(place.graph, `vfs-${family}/${family}.json`)
  const records = (family: string) =>
    JSON.parse(readFileSync(file(family), 'utf8')) as readonly Readonly<Record<string, unknown>>[]
  for (const family of families) {
    writeFileSync(file(family), JSON.stringify(records(family).map((record) => ({ ...record, ...unknown }))))
    utimesSync(file(family), new Date(), new Date(Date.now() + 1000))
  }
  const item = path.join(place.directory, 'item')
  writeFileSync(item, 'data\n')
  // The records themselves, and others beside them.
  for (const id of ['layer', 'image', 'container']) {
    must(place.dropIn('set-metadata', '-m', `of ${id}`, id))
    must(place.dropIn('set-names', '-n', `${id}-name`, id))
    must(place.dropIn(`set-${id}-data`, '-f', item, id, 'key'))
  }
  must(place.dropIn('mount', 'container'))
  must(place.dropIn('unmount', 'container'))
  must(place.dropIn('create-container', '-i', 'other', 'image'))
  must(place.dropIn('delete-container', 'other'))
  must(place.dropIn('create-layer', '-i', 'child', 'layer'))
  must(place.dropIn('delete-layer', 'child'))
  for (const family of families) {
    const [first] = records(family)
    assert.deepEqual({ 'x-future': first?.['x-future'], zz: first?.['zz'] }, unknown, family)
    assert.deepEqual(first?.['metadata'], `of ${family.slice(0, -1)}`)
  }
  assertListAlike(place, families, unknown)
  assert.equal(must(place.go('metadata', '-q', 'container')), 'of container\n')
})
