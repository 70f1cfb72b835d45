import { statSync } from 'node:fs'
import path from 'node:path'
import { Fault } from '#model'
import type { Mount } from './driver.ts'
import { splitMountWords } from './mount-words.ts'
import { rotatedDirectories, type Lower, type OverlayPlace } from './overlay-layers.ts'

export type OverlayMount = Extract<Mount, { kind: 'overlay' }>

export interface PlanOptions {
  readonly mountpoint: string
  readonly access: 'read-only' | 'read-write'
  readonly label?: string | undefined
  /** Of the caller: where there are any they replace those of the configuration, but for `metacopy` (spec/drivers §4.8). */
  readonly options: readonly string[]
  /** Of the configuration. */
  readonly configured: readonly string[]
  readonly metacopy: boolean
  readonly volatile: boolean
  readonly userXattr: boolean
}

/** What to mount for a layer (spec/drivers §4.8): nothing is touched. */
export function planOverlayMount(place: OverlayPlace, lowers: readonly Lower[], options: PlanOptions): OverlayMount {
  const words = splitMountWords(mountWords(options))
  const readOnly = place.elsewhere || options.access === 'read-only' || lastAccessWord(words.flags) === 'ro'
  const diff = path.join(place.directory, 'diff')
  const found = lowerDirectories(place, lowers)
  const below = found.length === 0 ? [path.join(place.directory, 'empty')] : found
  const common = {
    kind: 'overlay',
    mountpoint: options.mountpoint,
    options: words.options,
    flags: readOnly && lastAccessWord(words.flags) !== 'ro' ? [...words.flags, 'ro'] : words.flags,
    ...(options.label === undefined || options.label === '' ? {} : { label: options.label }),
  } as const
  return readOnly
    ? { ...common, lowers: [diff, ...below] }
    : { ...common, lowers: below, upper: diff, work: path.join(place.directory, 'work') }
}

function mountWords(options: PlanOptions): readonly string[] {
  for (const word of options.options) refuseDirectory(word)
  const own = options.options.length === 0 ? options.configured : options.options
  const inherited = options.configured.includes('metacopy=on') && !own.includes('metacopy=on') ? ['metacopy=on'] : []
  const words = [...own, ...inherited].filter((word) => options.metacopy || word !== 'metacopy=on')
  if (options.userXattr) words.push('userxattr')
  if (options.volatile && options.access === 'read-write' && !words.includes('volatile')) words.push('volatile')
  return words
}

// Options of a container stand in its record: a second `upperdir` would have it write elsewhere, a second `lowerdir` show it other files.
function refuseDirectory(word: string): void {
  if (!/(?:^|,)\s*(?:lowerdir|upperdir|workdir|datadir)\b/.test(word)) return
  throw new Fault({ code: 'unsupported', what: `the mount option ${JSON.stringify(word)}`, by: 'overlay layers' })
}

function lastAccessWord(flags: readonly string[]): string | undefined {
  return flags.findLast((flag) => flag === 'ro' || flag === 'rw')
}

function lowerDirectories(place: OverlayPlace, lowers: readonly Lower[]): readonly string[] {
  return [
    ...rotatedDirectories(place.directory),
    ...lowers.flatMap((lower) => [lower.link, ...rotatedDirectories(lower.directory)]),
  ]
}

/** The mode for a `diff` that somebody lost: that of the directory below it. */
export function modeOfLostDiff(place: OverlayPlace, lowers: readonly Lower[], otherwise: number): number {
  const [below] = lowerDirectories(place, lowers)
  return (below === undefined ? otherwise : (statSync(below, { throwIfNoEntry: false })?.mode ?? otherwise)) & 0o7777
}

/** The data of mount(2). Names may hold the marks that separate them: those are escaped as the kernel's parser has it. */
export function overlayMountData(mount: OverlayMount): string {
  const escaped = (directory: string): string => directory.replaceAll(/[\\,]/g, String.raw`\$&`)
  const lowers = mount.lowers.map((lower) => escaped(lower).replaceAll(':', String.raw`\:`)).join(':')
  const writable =
    mount.upper === undefined || mount.work === undefined
      ? []
      : [`upperdir=${escaped(mount.upper)}`, `workdir=${escaped(mount.work)}`]
  const label = mount.label === undefined ? [] : [`context="${mount.label}"`]
  return [`lowerdir=${lowers}`, ...writable, ...mount.options, ...label].join(',')
}
