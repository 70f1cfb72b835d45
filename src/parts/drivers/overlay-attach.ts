import { mkdirSync, rmSync } from 'node:fs'
import { release } from 'node:os'
import path from 'node:path'
import { mount as callMount } from '#ground/sys'
import { Fault } from '#model'
import { mountFlagsOf } from './mount-words.ts'
import { attachByDescriptors } from './overlay-attach-by-descriptors.ts'
import { attachByParts } from './overlay-attach-by-parts.ts'
import { overlayMountData, type OverlayMount } from './overlay-mount-plan.ts'

/** mount(2) takes options that are shorter than a page, of the smallest size that pages have. */
const pageSize = 4096

/**
 * Mounts at a mountpoint that is there and is none yet (spec/drivers §4.8): in one call where the options fit into a page,
 * else by parts, which have no such bound.
 * @throws Fault `mount-failed`
 */
export function attachOverlay(mount: OverlayMount): void {
  refuseAmbiguousLabel(mount)
  prepareWork(mount)
  const data = overlayMountData(mount)
  try {
    if (Buffer.byteLength(data) < pageSize) {
      callMount({
        source: 'overlay',
        target: mount.mountpoint,
        type: 'overlay',
        flags: mountFlagsOf(mount.flags),
        data,
      })
    } else if (takesParts()) attachByParts(mount)
    else attachByDescriptors(mount)
  } catch (error) {
    if (error instanceof Fault) throw error
    const problem = error instanceof Error ? error.message : String(error)
    throw new Fault({ code: 'mount-failed', target: mount.mountpoint, data, problem }, { cause: error })
  }
}

/** Whether this kernel takes lowers one by one. */
function takesParts(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  return major > 6 || (major === 6 && minor >= 5)
}

/** A label stands between quotes: one that ended them could add options. */
function refuseAmbiguousLabel(mount: OverlayMount): void {
  if (mount.label === undefined || !/["\0]/.test(mount.label)) return
  throw new Fault({ code: 'unsupported', what: `the mount label ${JSON.stringify(mount.label)}`, by: 'overlay' })
}

function prepareWork(mount: OverlayMount): void {
  if (mount.work === undefined) return
  mkdirSync(mount.work, { recursive: true, mode: 0o700 })
  // A volatile mount that was not unmounted leaves this mark, and the kernel refuses whatever has it: the content may be torn.
  // The original takes that risk for its users as well.
  rmSync(path.join(mount.work, 'work', 'incompat', 'volatile'), { recursive: true, force: true })
}
