import { readFileSync } from 'node:fs'
import { isErrno } from './is-errno.ts'

/** One line of mountinfo (proc(5)). */
export interface MountInfo {
  readonly id: number
  readonly parent: number
  readonly major: number
  readonly minor: number
  /** The directory of the file system that is mounted. */
  readonly root: string
  readonly mountpoint: string
  readonly options: string
  /** `shared:1`, `master:2`, … */
  readonly optional: readonly string[]
  readonly type: string
  readonly source: string
  readonly superOptions: string
}

/** All mounts that this thread sees, in the order in which they were made. */
export function readMountInfo(): MountInfo[] {
  return parseMountInfo(mountInfoText())
}

function mountInfoText(): string {
  try {
    return readFileSync('/proc/thread-self/mountinfo', 'utf8')
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
    return readFileSync('/proc/self/mountinfo', 'utf8')
  }
}

/** Lines that are none are left out (spec/drivers §14.7). */
export function parseMountInfo(text: string): MountInfo[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? [])
}

function parseLine(line: string): MountInfo | undefined {
  const fields = line.split(' ')
  // The number of optional fields varies, and a source may be empty or a lone dash: the separator is the last one that fits.
  const separator = fields.lastIndexOf('-', fields.length - 4)
  if (fields.length < 10 || separator < 6) return undefined
  const [id, parent, device, root, mountpoint, options] = fields
  const [major, minor] = device?.split(':') ?? []
  const [type, source, superOptions] = fields.slice(separator + 1)
  return {
    id: Number(id),
    parent: Number(parent),
    major: Number(major),
    minor: Number(minor),
    root: unescaped(root),
    mountpoint: unescaped(mountpoint),
    options: options ?? '',
    optional: fields.slice(6, separator),
    type: unescaped(type),
    source: unescaped(source),
    superOptions: superOptions ?? '',
  }
}

function unescaped(field: string | undefined): string {
  return (field ?? '').replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
