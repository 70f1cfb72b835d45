import { readFileSync } from 'node:fs'
import { Fault, type IdRange } from '#model'

const files = { uid: '/etc/subuid', gid: '/etc/subgid' } as const
const owners = { uid: 'user', gid: 'group' } as const

/**
 * The ids set aside for a user in /etc/subuid or /etc/subgid, as one map that begins at 0 inside (subuid(5), spec/store §6.3).
 * @throws Fault `id-map-invalid` when there are none, or the file is malformed
 */
export function subordinateRanges(kind: 'uid' | 'gid', name: string, file: string = files[kind]): readonly IdRange[] {
  const ranges = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => rangeOf(line, { name, uid: uidOf(name), kind, file }))
    .toSorted((a, b) => a.start - b.start)
  if (ranges.length === 0) {
    throw invalid(`no sub${kind} ranges found for ${owners[kind]} ${JSON.stringify(name)} in ${files[kind]}`)
  }
  let containerId = 0
  return ranges.map(({ start, size }) => {
    const range = { containerId, hostId: start, size }
    containerId += size
    return range
  })
}

interface Wanted {
  readonly name: string
  readonly uid: string | undefined
  readonly kind: 'uid' | 'gid'
  readonly file: string
}

function rangeOf(
  line: string,
  { name, uid, kind, file }: Wanted,
): readonly { readonly start: number; readonly size: number }[] {
  const [owner = '', start = '', size = '', ...more] = line.split(':')
  if (size === '' || more.length > 0)
    throw invalid(`cannot parse subuid/gid information: Format not correct for ${file} file`)
  if (owner !== name && owner !== 'ALL' && owner !== uid) return []
  if (!/^\d+$/.test(start) || !/^\d+$/.test(size))
    throw invalid(`string to int conversion failed during sub${kind} parsing of ${file}: ${line}`)
  return [{ start: Number(start), size: Number(size) }]
}

function uidOf(name: string): string | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((other) => other.startsWith(`${name}:`))
  return line?.split(':')[2]
}

function invalid(problem: string): Fault {
  return new Fault({ code: 'id-map-invalid', problem })
}
