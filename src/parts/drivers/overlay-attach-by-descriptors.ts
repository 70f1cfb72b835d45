import { AT_FDCWD, Descriptor, O_DIRECTORY, O_PATH, mount as callMount, openat } from '#ground/sys'
import { mountFlagsOf } from './mount-words.ts'
import { overlayMountData, type OverlayMount } from './overlay-mount-plan.ts'

/**
 * Mounts an overlay in one call with lowers named by their open descriptors, which is short: some 200 of them fit into a page.
 * For kernels before 6.5, which cannot be given a chain of layers in parts. @throws ErrnoError
 */
export function attachByDescriptors(mount: OverlayMount): void {
  using opened = new DisposableStack()
  const lowers = mount.lowers.map((lower) => {
    const { fd } = opened.use(new Descriptor(openat(AT_FDCWD, lower, O_PATH | O_DIRECTORY)))
    return `/proc/self/fd/${fd}`
  })
  callMount({
    source: 'overlay',
    target: mount.mountpoint,
    type: 'overlay',
    flags: mountFlagsOf(mount.flags),
    data: overlayMountData({ ...mount, lowers }),
  })
}
