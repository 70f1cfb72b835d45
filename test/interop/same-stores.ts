import assert from 'node:assert/strict'
import type { Place } from '../place.ts'
import { storeSkeleton } from './store-skeleton.ts'

type Allowed = readonly (readonly [RegExp, string])[]

/** What the original of Debian writes and we do not, or the other way round: on purpose, and read well by both. */
const onlyTheirs: Allowed = [
  [/^graph\/(?:mounts|tmp)$/, '1.43 makes them and leaves them empty; later releases do not'],
  [/^run\/[a-z]+-layers\/mountpoints\.json$/, 'saved with every layer; ours is saved when something is mounted'],
  [/^run\/overlay\/.*-(?:true|false)$/, 'asked of the kernel at every start; ours when it is needed'],
]
const onlyOurs: Allowed = [
  [/^graph\/[a-z]+-layers\/tmp$/, 'layers on their way out, as later releases have it'],
  [/^graph\/[a-z]+\/tempdirs$/, 'staged layers, as later releases have it'],
  [/^graph\/overlay\/[^/]+\/merged$/, '1.43 removes it when it unmounts; later releases do not'],
]

/** @throws AssertionError naming every file that the two stores do not have alike, but for `knowingly` */
export function assertSameStores(ours: Place, theirs: Place, knowingly: RegExp = /^$/): void {
  const [actual, expected] = [storeSkeleton(ours), storeSkeleton(theirs)]
  const isAllowed = (name: string, allowed: Allowed): boolean => allowed.some(([pattern]) => pattern.test(name))
  const names = [...new Set([...Object.keys(actual), ...Object.keys(expected)])].toSorted().filter((name) => {
    if (knowingly.test(name)) return false
    if (!(name in expected)) return !isAllowed(name, onlyOurs)
    return name in actual || !isAllowed(name, onlyTheirs)
  })
  const differing = names.filter((name) => actual[name] !== expected[name])
  assert.deepEqual(
    differing.map((name) => [name, ...excerpts(actual[name], expected[name])]),
    [],
    'written otherwise: [name, ours, theirs]',
  )
}

/** Both from a little before the place where they part. */
function excerpts(one: string | undefined, other: string | undefined): readonly string[] {
  if (one === undefined || other === undefined) return [one, other].map((text) => text?.slice(0, 200) ?? 'missing')
  let same = 0
  while (one[same] === other[same]) same += 1
  return [one, other].map((text) => `…${text.slice(Math.max(0, same - 100), same + 200)}`)
}
