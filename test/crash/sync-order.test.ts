// What a power cut may find: nothing has its name before its bytes are on the disk, and nothing is reported done before its name is. Read
// from the order of the system calls, which no test on a running machine could tell otherwise.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { fixture } from '../fixtures/fixture.ts'
import { type DriverName, makePlace, must, type Place } from '../place.ts'
import { type Call, isTraceable, pathOfDescriptor, succeeded, traceShale, twoPaths } from './trace.ts'

const skip = isTraceable ? false : 'strace cannot trace here'
const drivers: readonly DriverName[] = ['overlay', 'vfs']

/** Somewhere in the store, but not where things are only staged. */
function isVisible(place: Place, file: string): boolean {
  const inside = path.relative(place.graph, file)
  return !inside.startsWith('..') && !/(?:^|\/)(?:tempdirs|tmp)\/|(?:^|\/)\.tmp-/.test(inside)
}

const isRename = ({ name }: Call) => ['rename', 'renameat', 'renameat2'].includes(name)
const isSyncOfAll = (call: Call) => call.name === 'syncfs' && succeeded(call)
const isSync = (call: Call) => ['fsync', 'fdatasync'].includes(call.name) && succeeded(call)
const isWrite = ({ name }: Call) =>
  ['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'copy_file_range', 'sendfile', 'ftruncate'].includes(name)

interface Story {
  readonly calls: readonly Call[]
  /** Renames by which something becomes visible. */
  readonly appearances: readonly { readonly call: Call; readonly from: string; readonly to: string }[]
}

function storyOf(place: Place, calls: readonly Call[]): Story {
  const appearances = calls
    .filter(isRename)
    .filter(succeeded)
    .flatMap((call) => {
      const [from, to] = twoPaths(call)
      return isVisible(place, to) && !isVisible(place, from) ? [{ call, from, to }] : []
    })
  return { calls, appearances }
}

/** Every file that appears, alone or in a directory, was written before it was synced, and synced before it appeared. */
function assertBytesBeforeNames({ calls, appearances }: Story): void {
  for (const { call, from, to } of appearances) {
    const writes = calls.filter(
      (other) => isWrite(other) && isBelow(pathOfDescriptor(other), [from, ...namesBefore(calls, from)]),
    )
    const last = Math.max(-1, ...writes.map(({ end }) => end))
    const isSynced = calls.some(
      (other) =>
        other.begin > last &&
        other.end < call.begin &&
        (isSyncOfAll(other) ||
          (isSync(other) && isBelow(pathOfDescriptor(other), [from, ...namesBefore(calls, from)]))),
    )
    assert.ok(isSynced, `${path.basename(from)} appears as ${to} before its bytes are on the disk`)
  }
}

const isBelow = (file: string, places: readonly string[]) =>
  places.some((place) => file === place || file.startsWith(`${place}/`))

/** What a file was called before: it may have been renamed while it was staged. */
function namesBefore(calls: readonly Call[], name: string): readonly string[] {
  const renamed = calls
    .filter(isRename)
    .map(twoPaths)
    .find(([, to]) => to === name)
  return renamed === undefined ? [] : [renamed[0], ...namesBefore(calls, renamed[0])]
}

/** After each appearance its directory is synced, before a record names it, and before the program ends. */
function assertNamesBeforeRecords({ calls, appearances }: Story): void {
  for (const { call, to } of appearances) {
    const synced = calls.find(
      (other) => other.begin > call.end && isSync(other) && pathOfDescriptor(other) === path.dirname(to),
    )
    assert.ok(synced, `the directory of ${to} is never synced`)
    if (isRecord(to)) continue
    const next = appearances.find((other) => isRecord(other.to) && other.call.begin > call.end)
    assert.ok(
      next === undefined || synced.end < next.call.begin,
      `${next?.to} appears before the name of ${to} is on the disk`,
    )
  }
}

/** A layer is marked, and a container's or an image's row is gone, on the disk, before their content is out of sight. */
function assertRecordsBeforeRemovals(place: Place, calls: readonly Call[], appearances: Story['appearances']): void {
  for (const call of calls.filter(isRename).filter(succeeded)) {
    const [from, to] = twoPaths(call)
    if (!isVisible(place, from) || isVisible(place, to)) continue
    const kind =
      ['containers', 'images'].find((name) => from.startsWith(`${place.graph}/${place.driver}-${name}/`)) ?? 'layers'
    const record = appearances.find((other) => other.to.endsWith(`${kind}.json`))
    assert.ok(record && record.call.end < call.begin, `${from} goes before ${kind}.json says so`)
  }
}

const isRecord = (file: string) => file.endsWith('.json')

function assertOrder(place: Place, calls: readonly Call[]): Story {
  const story = storyOf(place, calls)
  assertBytesBeforeNames(story)
  assertNamesBeforeRecords(story)
  return story
}

for (const driver of drivers) {
  test(`a pull that lasts: content, its names, the layers, then the image (${driver})`, { skip }, async () => {
    using place = makePlace(driver)
    const { given, calls } = traceShale(place, 'pull', (await fixture('tiny')).source)
    must(given)
    const { appearances } = assertOrder(place, calls)
    const names = appearances.map(({ to }) =>
      path
        .relative(place.graph, to)
        .replaceAll(/[0-9a-f]{64}/g, 'ID')
        .replaceAll(/=[\w+/=]+$/g, 'ITEM'),
    )
    const home = driver === 'overlay' ? 'overlay/ID' : 'vfs/dir/ID'
    assert.deepEqual(names, [
      // The rows are there, marked incomplete, before anything that a crash would have to clear away.
      `${driver}-layers/layers.json`,
      home,
      home,
      `${driver}-layers/ID.tar-split.gz`,
      `${driver}-layers/ID.tar-split.gz`,
      `${driver}-layers/layers.json`,
      `${driver}-images/ID/ITEM`,
      `${driver}-images/ID/ITEM`,
      `${driver}-images/ID/manifest`,
      `${driver}-images/images.json`,
    ])
    const [firstLayers] = appearances
    const unpacking = calls.filter(
      (call) => isWrite(call) && pathOfDescriptor(call).startsWith(path.join(place.graph, driver, 'tempdirs')),
    )
    assert.ok(unpacking.length > 0)
    const lastWrite = Math.max(...unpacking.map(({ end }) => end))
    const whole = calls.find((call) => isSyncOfAll(call) && call.begin > lastWrite)
    assert.ok(
      whole && whole.end < (firstLayers?.call.begin ?? 0),
      'the whole content is on the disk before the first record',
    )
  })

  test(`a pull that need not last syncs no file system, and is never torn (${driver})`, { skip }, async () => {
    using place = makePlace(driver)
    const { given, calls } = traceShale(place, '--durability', 'none', 'pull', (await fixture('tiny')).source)
    must(given)
    assert.deepEqual(
      calls.filter(({ name }) => name === 'syncfs' || name === 'sync'),
      [],
    )
    // As the original does it: the records themselves are old or new.
    const records = storyOf(place, calls).appearances.filter(({ to }) => isRecord(to))
    assertBytesBeforeNames({ calls, appearances: records.slice(-1) })
  })

  test(`removing, tagging and making a container last too (${driver})`, { skip }, async () => {
    using place = makePlace(driver)
    must(place.shale('pull', (await fixture('tiny')).source))
    for (const words of [
      ['tag', 'tiny', 'other'],
      ['create', 'tiny', 'box'],
      ['rm', 'box'],
      ['untag', 'tiny', 'other'],
      ['rmi', 'tiny'],
    ]) {
      const { given, calls } = traceShale(place, ...words)
      must(given)
      const { appearances } = assertOrder(place, calls)
      assert.ok(
        appearances.some(({ to }) => isRecord(to)),
        words.join(' '),
      )
      assertRecordsBeforeRemovals(place, calls, appearances)
    }
  })
}
