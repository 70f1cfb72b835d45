import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Fault } from '#model'
import { type Told, apply, directory, file, hardLink, pass, symlink, tarOf, whiteout } from './trial-entries.ts'
import { contentsOf, trialDirectory } from './trial-listing.ts'
import { ChangesetApplier } from './changeset-applier.ts'

// Directories that are kept open are right only if nobody can tell: here every entry of a changeset is applied by an applier that
// has never seen the tree, and all of them by one that remembers. Names are few, so that paths change their meaning all the time.

const name = fc.constantFrom('a', 'b', 'c')
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'))
const target = fc.oneof(
  path,
  path.map((text) => `/${text}`),
  path.map((text) => `../${text}`),
  fc.constantFrom('.', '..', '/', '../..'),
)
const entry: fc.Arbitrary<Told> = fc.oneof(
  path.map((at) => directory(`${at}/`)),
  path.map((at) => file(at, `at ${at}`)),
  fc.tuple(path, target).map(([at, to]) => symlink(at, to)),
  fc.tuple(path, path).map(([at, to]) => hardLink(at, to)),
  path.map((at) => whiteout(at)),
)

for (const semantics of ['unpack-layer', 'overlay'] as const) {
  test(`remembering directories changes nothing, for ${semantics}`, () => {
    const property = fc.property(fc.array(entry, { minLength: 2, maxLength: 14 }), (entries) => {
      using remembering = trialDirectory()
      using forgetting = trialDirectory()
      const failures = applyEach(remembering.path, semantics, entries)
      entries.forEach((told, index) => {
        assert.equal(
          failureCode(() => apply({ directory: forgetting.path, semantics }, [told])),
          failures[index],
        )
      })
      assert.deepEqual(contentsOf(remembering.path), contentsOf(forgetting.path))
    })
    fc.assert(property, { numRuns: 100 })
  })
}

/** With one applier, which goes on after a failure as no caller would. */
function applyEach(directoryPath: string, semantics: 'unpack-layer' | 'overlay', entries: readonly Told[]): string[] {
  using applier = new ChangesetApplier({ directory: directoryPath, semantics })
  return entries.map((told) => failureCode(() => pass(tarOf([told]), applier)))
}

function failureCode(act: () => void): string {
  try {
    act()
    return ''
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return error.failure.code === 'system' ? error.failure.errno : error.failure.code
  }
}

test('more directories than are kept open are found again', () => {
  using trial = trialDirectory()
  const paths = Array.from({ length: 300 }, (_, index) => `d${index % 150}/f${index}`)
  apply(
    { directory: trial.path, semantics: 'overlay' },
    paths.map((at) => file(at, at)),
  )
  const contents = contentsOf(trial.path)
  assert.deepEqual(
    paths.filter((at) => contents[at] !== at),
    [],
  )
})

test('a path of more bytes than the kernel takes at once is walked in pieces', () => {
  using trial = trialDirectory()
  const deep = Array.from({ length: 60 }, (_, depth) => `${depth}-${'x'.repeat(100)}`).join('/')
  apply({ directory: trial.path, semantics: 'overlay' }, [
    file(`${deep}/f`, 'x'),
    directory(`${deep}/e/`),
    file('elsewhere', ''),
  ])
  apply({ directory: trial.path, semantics: 'unpack-layer' }, [file(`${deep}/g`, 'y'), file(`${deep}/e/h`, 'z')])
  apply({ directory: trial.path, semantics: 'unpack-layer' }, [whiteout(deep.slice(0, deep.indexOf('/')))])
  assert.deepEqual(contentsOf(trial.path), { elsewhere: '' })
})
