import { chmodSync, mkdirSync, rmSync, writeFileSync, renameSync } from 'node:fs'
import path from 'node:path'
import {
  AT_FDCWD,
  MNT_DETACH,
  S_IFCHR,
  isErrno,
  lgetxattr,
  lsetxattr,
  mknodat,
  mount,
  statfs,
  umount2,
} from '#ground/sys'
import { Fault } from '#model'
import { fileSystemName } from './file-system-names.ts'
import { mountFlagsOf, splitMountWords } from './mount-words.ts'

/** What a probe found: text goes into the file that remembers it (spec/drivers §4.5). */
export interface Finding {
  readonly supported: boolean
  readonly text: string
}

export interface ProbeSettings {
  /** The mount options of the configuration, as they were written. */
  readonly mountOptions: string
  readonly rootless: boolean
}

const yes: Finding = { supported: true, text: '' }
const no: Finding = { supported: false, text: '' }

/**
 * Whether overlay works here at all: whiteout devices and several lowers.
 * @throws Fault `driver-unsupported`; the system's errors
 */
export function probeOverlay(directory: string, settings: ProbeSettings & { readonly home: string }): Finding {
  const { lower1, lower2, upper, work, merged } = directories(directory)
  mkdirSync(path.join(lower2, 'subdir'))
  writeFileSync(path.join(lower2, 'subdir', 'file'), '')
  mknodat(AT_FDCWD, path.join(upper, 'whiteout'), S_IFCHR | 0o600, 0)
  const over = (lowers: string): ProbeMount => ({
    data: `lowerdir=${lowers},upperdir=${upper},workdir=${work}${settings.rootless ? ',userxattr' : ''}`,
  })
  try {
    return attached(merged, over(`${lower1}:${lower2}`), () => {
      rmSync(path.join(merged, 'subdir'), { recursive: true })
      return yes
    })
  } catch (error) {
    if (isErrno(error, 'ENOSPC', 'EDQUOT', 'EPERM')) throw error
    throw whyNot(error, () => attached(merged, over(lower1), () => undefined), settings.home)
  }
}

function whyNot(error: unknown, mountOneLower: () => void, home: string): Fault {
  const backing = fileSystemName(statfs(home).type)
  try {
    mountOneLower()
  } catch (cause) {
    const problem = `'overlay' is not supported over ${backing} at ${JSON.stringify(home)}`
    return new Fault({ code: 'driver-unsupported', driver: 'overlay', problem, reason: 'file-system' }, { cause })
  }
  const problem = 'kernel too old to provide multiple lowers feature for overlay'
  return new Fault({ code: 'driver-unsupported', driver: 'overlay', problem }, { cause: error })
}

/** Whether the mount options make the kernel copy up metadata without data. */
export function probeMetacopy(directory: string, settings: ProbeSettings): Finding {
  const { lower1, upper, work, merged } = directories(directory)
  writeFileSync(path.join(lower1, 'f'), Buffer.of(0xff), { mode: 0o700 })
  try {
    attached(merged, withOptions(`lowerdir=${lower1},upperdir=${upper},workdir=${work}`, settings), () => {
      chmodSync(path.join(merged, 'f'), 0o600)
    })
  } catch (error) {
    if (isErrno(error, 'EINVAL')) return no
    throw error
  }
  return lgetxattr(path.join(upper, 'f'), `${overlayXattrs(settings)}.metacopy`) === undefined ? no : yes
}

/** Whether the upper directory of a mount is, as it lies there, the changeset: neither opaque marks copied up nor redirects. */
export function probeNativeDiff(directory: string, settings: ProbeSettings): Finding {
  const { lower1, lower2, upper, work, merged } = directories(directory)
  const attribute = overlayXattrs(settings)
  mkdirSync(path.join(lower1, 'd1'))
  mkdirSync(path.join(lower2, 'd'))
  mkdirSync(path.join(lower1, 'd'))
  lsetxattr(path.join(lower2, 'd'), `${attribute}.opaque`, Buffer.from('y'))
  const mountRequest = withOptions(`lowerdir=${lower2}:${lower1},upperdir=${upper},workdir=${work}`, settings)
  return attached(merged, mountRequest, () => {
    writeFileSync(path.join(merged, 'd', 'f'), '')
    if (lgetxattr(path.join(upper, 'd'), `${attribute}.opaque`)?.toString() === 'y') {
      return naive('opaque flag erroneously copied up, consider update to kernel 4.8 or later to fix')
    }
    try {
      renameSync(path.join(merged, 'd1'), path.join(merged, 'd2'))
    } catch (error) {
      if (isErrno(error, 'EXDEV')) return yes
      throw error
    }
    const redirect = lgetxattr(path.join(upper, 'd2'), `${attribute}.redirect`)?.toString()
    return redirect === 'd1' ? naive('kernel has CONFIG_OVERLAY_FS_REDIRECT_DIR enabled') : yes
  })
}

function naive(reason: string): Finding {
  const consequence = 'this may cause degraded performance for building images'
  return { supported: false, text: `Not using native diff for overlay, ${consequence}: ${reason}` }
}

/** Whether a mount may promise less than durability. @throws ErrnoError where it may not */
export function probeVolatile(directory: string, settings: ProbeSettings): Finding {
  const { lower1, upper, work, merged } = directories(directory)
  const userXattr = settings.rootless ? ',userxattr' : ''
  const data = `volatile,lowerdir=${lower1},upperdir=${upper},workdir=${work}${userXattr}`
  return attached(merged, { data }, () => yes)
}

/** The namespace of overlay's marks: what root may write, or what everybody may. */
export function overlayXattrs(settings: Pick<ProbeSettings, 'rootless'>): 'trusted.overlay' | 'user.overlay' {
  return settings.rootless ? 'user.overlay' : 'trusted.overlay'
}

interface ProbeDirectories {
  readonly lower1: string
  readonly lower2: string
  readonly upper: string
  readonly work: string
  readonly merged: string
}

function directories(directory: string): ProbeDirectories {
  const made = (name: string): string => {
    mkdirSync(path.join(directory, name))
    return path.join(directory, name)
  }
  return {
    lower1: made('lower1'),
    lower2: made('lower2'),
    upper: made('upper'),
    work: made('work'),
    merged: made('merged'),
  }
}

interface ProbeMount {
  readonly data: string
  readonly flags?: number
}

function withOptions(data: string, settings: ProbeSettings): ProbeMount {
  const words = splitMountWords(settings.mountOptions.split(','))
  const options = settings.rootless ? [...words.options, 'userxattr'] : words.options
  return { data: [data, ...options].join(','), flags: mountFlagsOf(words.flags) }
}

function attached<T>(mountpoint: string, request: ProbeMount, body: () => T): T {
  mount({ source: 'overlay', target: mountpoint, type: 'overlay', ...request })
  try {
    return body()
  } finally {
    umount2(mountpoint, MNT_DETACH)
  }
}
