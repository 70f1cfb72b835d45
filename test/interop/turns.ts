import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Answer, must } from '../place.ts'
import type { Dice } from './dice.ts'
import type { VariedTars } from './varied-tars.ts'

export type Command = (...words: readonly string[]) => Answer

/** One thing to do, by whichever program it is given; `after` goes on with what it said, by the same program or the other. */
export interface Turn {
  /** `@` before a container's id: the id of its layer, which is random. */
  readonly words: readonly string[]
  readonly inAnyOrder?: boolean
  readonly after?: (answer: Answer, program: Command) => void
  /** What is said is said otherwise in this release or in no order: only how it ended is compared. */
  readonly wordless?: boolean
}

/** Ids of everything in a store, of containers' layers too. */
export interface There {
  readonly layers: readonly string[]
  readonly images: readonly string[]
  readonly containers: readonly string[]
}

const ids: There = {
  layers: ['l0', 'l1', 'l2', 'l3', 'l4', 'l5', 'l6', 'l7'],
  images: ['i0', 'i1', 'i2', 'i3'],
  containers: ['pod0', 'pod1', 'pod2', 'pod3'],
}
const names = ['n0', 'n1', 'n2 with space', 'n3/<slash>', 'n4:é']
const keys = ['manifest', 'manifest-sha256:x', 'plain', 'With_Upper', 'żółw']

type Kind = 'layer' | 'image' | 'container'

/** What to do next, given what there is: most of it makes sense, and some of it is refused. */
export function chooseTurn(dice: Dice, there: There, tars: Pick<VariedTars, 'bases' | 'top' | 'third'>): Turn {
  const idOf = (which: Kind): string => {
    const known = there[`${which}s`].filter((id) => ids[`${which}s`].includes(id))
    return dice.oneOf(known.length > 0 && dice.chance(0.8) ? known : ids[`${which}s`])
  }
  const fresh = (which: Kind): string => {
    const free = ids[`${which}s`].filter((id) => !there[`${which}s`].includes(id))
    return dice.oneOf(free.length > 0 && dice.chance(0.9) ? free : ids[`${which}s`])
  }
  const layer = (): string => idOf('layer')
  const image = (): string => idOf('image')
  const container = (): string => idOf('container')
  const kind = (): Kind => dice.oneOf(['layer', 'image', 'container'])
  const anything = (): string => dice.oneOf([idOf(kind()), idOf(kind()), dice.oneOf(names)])
  const named = (): readonly string[] => (dice.chance(0.4) ? ['-n', dice.oneOf(names)] : [])
  const below = (): readonly string[] => (dice.chance(0.7) ? [layer()] : [])
  const tar = (): string =>
    dice.oneOf([tars.top, tars.third, tars.bases['ustar'] ?? '', tars.bases['zstd'] ?? '', tars.bases['pax'] ?? ''])
  const turns: readonly (readonly [weight: number, choose: () => Turn])[] = [
    [4, () => ({ words: ['create-layer', '-i', fresh('layer'), ...named(), ...below()] })],
    [6, () => ({ words: ['import-layer', '-i', fresh('layer'), ...named(), '-f', tar(), ...below()] })],
    [3, () => ({ words: ['applydiff', '-f', tar(), layer()], wordless: true })],
    [5, () => ({ words: ['create-image', '-i', fresh('image'), ...named(), '-m', 'meta & data', layer()] })],
    [6, () => ({ words: ['create-container', '-i', fresh('container'), ...named(), image()], wordless: true })],
    [3, () => ({ words: ['set-names', ...named(), ...named(), anything()] })],
    [2, () => ({ words: ['set-metadata', '-m', dice.oneOf(['', '{"a":"<b>"}', 'ż']), idOf(kind())] })],
    [4, () => withKind(kind(), (which) => ['-f', tars.third, idOf(which), dice.oneOf(keys)], 'set', '-data')],
    [2, () => withKind(kind(), (which) => [idOf(which), dice.oneOf(keys)], 'get', '-data')],
    [2, () => withKind(kind(), (which) => ['-j', idOf(which)], 'list', '-data')],
    [6, () => mountContainer(dice, container())],
    [2, () => mountLayer(dice, layer())],
    [3, () => ({ words: ['unmount', dice.oneOf([container(), layer()])], wordless: true })],
    [1, () => ({ words: ['mounted', container()] })],
    [3, () => ({ words: ['changes', `@${container()}`], inAnyOrder: true })],
    [3, () => ({ words: ['delete-layer', layer()] })],
    [2, () => ({ words: ['delete-image', '-j', image()] })],
    [3, () => ({ words: ['delete-container', container()] })],
    [1, () => ({ words: ['delete', dice.oneOf([container(), image()])] })],
    [1, () => ({ words: ['exists', '-j', anything()] })],
    [1, () => ({ words: ['get-names', anything()] })],
    [1, () => ({ words: ['metadata', anything()] })],
  ]
  let left = dice.roll() * turns.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, choose] of turns) {
    left -= weight
    if (left < 0) return choose()
  }
  throw new Error('the weights do not add up')
}

function withKind(kind: Kind, words: (kind: Kind) => readonly string[], before: string, behind: string): Turn {
  return { words: [`${before}-${kind}${behind}`, ...words(kind)] }
}

/** Changes the tree of a container, and most times gives the mount back: the same in every place. */
function mountContainer(dice: Dice, id: string): Turn {
  const chosen = dice.oneOf(['write', 'remove', 'directory', 'rights'] as const)
  const unmounts = dice.chance(0.7)
  const after = (answer: Answer, program: Command): void => {
    if (answer.status !== 0) return
    const at = (name: string): string => path.join(answer.stdout.trim(), name)
    if (chosen === 'write') writeFileSync(at('written'), 'by a test\n')
    if (chosen === 'remove') rmSync(at('edges'), { recursive: true, force: true })
    if (chosen === 'directory') mkdirSync(at('dir/new'), { recursive: true })
    if (chosen === 'rights') chmodSync(at('.'), 0o700)
    if (unmounts) must(program('unmount', id))
  }
  return { words: ['mount', id], after }
}

/** Layers are only looked at: what was changed in them could not be played back. */
function mountLayer(dice: Dice, id: string): Turn {
  const unmounts = dice.chance(0.7)
  return {
    words: ['mount', id],
    after: ({ status }, program) => {
      if (status === 0 && unmounts) must(program('unmount', id))
    },
  }
}
