import { Fault, type IdMaps, type IdRange } from '#model'
import { subordinateRanges } from '#parts/config'
import type { Flag, FlagValues } from './flags.ts'

/** Flags of every command that makes a layer (spec/cli §6.1, "Mapping flags"). */
export const mappingFlags: readonly Flag[] = [
  { long: ['hostuidmap'], kind: 'boolean', usage: 'Force host UID map' },
  { long: ['hostgidmap'], kind: 'boolean', usage: 'Force host GID map' },
  { long: ['uidmap'], kind: 'text', usage: 'UID map' },
  { long: ['gidmap'], kind: 'text', usage: 'GID map' },
  { long: ['subuidmap'], kind: 'text', usage: 'subuid UID map for a user' },
  { long: ['subgidmap'], kind: 'text', usage: 'subgid GID map for a group' },
]

/** What the flags say; undefined: nothing, so that the parent's maps hold. @throws Fault `id-map-invalid` */
export function idMapsOf(flags: FlagValues): IdMaps | 'host' | undefined {
  const subUser = flags.text('subuidmap') || flags.text('subgidmap')
  const subGroup = flags.text('subgidmap') || flags.text('subuidmap')
  const uids = side({
    kind: 'uid',
    host: flags.on('hostuidmap'),
    sub: subUser,
    spec: flags.text('uidmap') || flags.text('gidmap'),
  })
  const gids = side({
    kind: 'gid',
    host: flags.on('hostgidmap'),
    sub: subGroup,
    spec: flags.text('gidmap') || flags.text('uidmap'),
  })
  if (uids.length > 0 && flags.on('hostuidmap')) throw invalid('host uid map specified along with UID mapping')
  if (gids.length > 0 && flags.on('hostgidmap')) throw invalid('host gid map specified along with GID mapping')
  if (uids.length > 0 || gids.length > 0)
    return { ...(uids.length > 0 ? { uids } : {}), ...(gids.length > 0 ? { gids } : {}) }
  return flags.on('hostuidmap') || flags.on('hostgidmap') ? 'host' : undefined
}

interface Side {
  readonly kind: 'uid' | 'gid'
  readonly host: boolean
  readonly sub: string
  readonly spec: string
}

function side({ kind, sub, spec }: Side): readonly IdRange[] {
  return [...(sub === '' ? [] : subordinateRanges(kind, sub)), ...(spec === '' ? [] : parseRanges(kind, spec))]
}

/** `container:host:size`, several triples joined by more colons. */
export function parseRanges(kind: 'uid' | 'gid', spec: string): readonly IdRange[] {
  const numbers = spec.split(':')
  const isWell = numbers.length % 3 === 0 && numbers.every((text) => /^\d+$/.test(text) && Number(text) <= 0xffff_ffff)
  if (!isWell) {
    throw invalid(
      `initializing ID mappings: ${kind} setting is malformed expected ["uint32:uint32:uint32"]: [${JSON.stringify(spec)}]`,
    )
  }
  const ranges: IdRange[] = []
  for (let index = 0; index < numbers.length; index += 3) {
    const [containerId = 0, hostId = 0, size = 0] = numbers.slice(index, index + 3).map(Number)
    ranges.push({ containerId, hostId, size })
  }
  return ranges
}

function invalid(problem: string): Fault {
  return new Fault({ code: 'id-map-invalid', problem })
}
