import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { textOfLayerPath } from '#model'
import { overlayChanges } from './overlay-changes.ts'
import { type Told, apply, directory, file, opaque, symlink, whiteout } from './trial-entries.ts'
import { trialDirectory } from './trial-listing.ts'

/** What the first layer changes in those below it, top first. */
async function changesOf(...layers: readonly (readonly Told[])[]): Promise<string[]> {
  using trial = trialDirectory()
  const directories = layers.map((entries, index) => {
    const path = join(trial.path, String(index))
    mkdirSync(path)
    apply({ directory: path, semantics: 'overlay' }, entries)
    return path
  })
  const [upper = '', ...lowers] = directories
  const changes = await Array.fromAsync(overlayChanges(upper, lowers))
  return changes.map(({ kind, path }) => `${kind} ${textOfLayerPath(path)}`)
}

const at = (seconds: number) => ({ mtime: { seconds, nanoseconds: 0 } })

test('a whiteout deletes, a new name is added, a known one modified, and the way to it is told once', async () => {
  const upper = [
    directory('d/', at(1)),
    file('d/known'),
    file('d/new'),
    whiteout('d/gone'),
    directory('e/', at(1)),
    file('e/new'),
  ]
  const lower = [directory('d/', at(1)), file('d/known'), file('d/gone'), directory('e/', at(1))]
  assert.deepEqual(await changesOf(upper, lower), [
    'modify /d',
    'delete /d/gone',
    'modify /d/known',
    'add /d/new',
    'modify /e',
    'add /e/new',
  ])
})

test('a directory is modified if its mode or time is another, and not for being there', async () => {
  const lower = [directory('same/', at(1)), directory('mode/', at(1)), directory('time/', at(1))]
  const upper = [directory('same/', at(1)), directory('mode/', { ...at(1), mode: 0o700 }), directory('time/', at(2))]
  assert.deepEqual(await changesOf(upper, lower), ['modify /mode', 'modify /time'])
})

test('what a layer in between has deleted is new again', async () => {
  const lowest = [file('f'), file('d/f')]
  const middle = [whiteout('f'), whiteout('d')]
  assert.deepEqual(await changesOf([file('d/f'), file('f')], middle, lowest), ['add /d', 'add /d/f', 'add /f'])
})

test('a directory that hides its lower self is deleted, one that hides nothing is added', async () => {
  const upper = [directory('d/'), opaque('d'), file('d/new'), directory('fresh/'), opaque('fresh')]
  assert.deepEqual(await changesOf(upper, [file('d/old')]), ['delete /d', 'add /d/new', 'add /fresh'])
})

test('below a lower file or symlink nothing shows through', async () => {
  const upper = [directory('was-file/'), file('was-file/f'), directory('was-link/'), file('was-link/f')]
  const lower = [file('was-file'), symlink('was-link', 'other'), file('other/f')]
  assert.deepEqual(await changesOf(upper, lower), [
    'modify /was-file',
    'add /was-file/f',
    'modify /was-link',
    'add /was-link/f',
  ])
  const hidden = [file('was-file/f'), file('was-link/f')]
  assert.deepEqual(await changesOf(upper, lower, hidden), [
    'modify /was-file',
    'add /was-file/f',
    'modify /was-link',
    'add /was-link/f',
  ])
})

test('symlinks of lower layers lead nowhere, not to files of this machine', async () => {
  const lower = [symlink('etc', '/etc'), symlink('dangling', '/nowhere')]
  assert.deepEqual(await changesOf([file('etc/passwd'), file('dangling')], lower), [
    'modify /dangling',
    'modify /etc',
    'add /etc/passwd',
  ])
})

test('an upper directory that is not there changes nothing, a lower one has to be there', async () => {
  using trial = trialDirectory()
  assert.deepEqual(await Array.fromAsync(overlayChanges(join(trial.path, 'missing'), [trial.path])), [])
  await assert.rejects(Array.fromAsync(overlayChanges(trial.path, [join(trial.path, 'missing')])), { name: 'Fault' })
})

test('an abort is heard', async () => {
  using trial = trialDirectory()
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(Array.fromAsync(overlayChanges(trial.path, [], { signal })), /enough/)
})
