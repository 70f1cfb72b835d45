import type { TarEntry } from '#formats/tar'
import { ErrnoError, fchown, fchownat, isErrno, type KernelPath } from '#ground/sys'
import { Fault, type LayerPath, textOfLayerPath, toHost } from '#model'
import type { ApplyTarget } from './target.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** The largest id; the one above it means "leave as it is" to the kernel, and would make the file root's. */
const largestId = 0xffff_fffe

/** Who is to own what a changeset makes, and how it is made theirs (spec/drivers §8.2). */
export class Ownership {
  readonly #target: ApplyTarget
  readonly #warn: (text: string) => void
  readonly #self: Owner

  constructor(target: ApplyTarget, warn: (text: string) => void) {
    this.#target = target
    this.#warn = warn
    this.#self = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
  }

  /** On this host, by the id maps. @throws Fault `id-unmapped`, `tar-invalid` */
  ownerOf(entry: TarEntry): Owner {
    const { idMaps } = this.#target
    return { uid: toHost(idMaps?.uids, checkedId(entry.uid)), gid: toHost(idMaps?.gids, checkedId(entry.gid)) }
  }

  /** Whether a file that we make in a directory of this group has this owner from the start: nobody need change it. */
  isInborn(owner: Owner, parentGroup: number): boolean {
    // A directory with the setgid bit, or a file system mounted with `grpid`, hands down its group.
    return owner.uid === this.#self.uid && owner.gid === this.#self.gid && parentGroup === this.#self.gid
  }

  give(fd: number, owner: Owner, path: LayerPath): void {
    this.#attempt(owner, path, () => fchown(fd, owner.uid, owner.gid))
  }

  /** Of the name itself, should it be a symlink. */
  giveAt(dirfd: number, name: KernelPath, owner: Owner, path: LayerPath): void {
    this.#attempt(owner, path, () => fchownat(dirfd, name, owner.uid, owner.gid))
  }

  #attempt(owner: Owner, path: LayerPath, chown: () => void): void {
    if (this.#target.forceMask !== undefined) return
    try {
      chown()
    } catch (error) {
      if (!(error instanceof ErrnoError)) throw error
      if (this.#target.ignoreChownErrors === true) {
        this.#warn(`Chown error detected. Ignoring due to ignoreChownErrors flag: ${error.message}`)
        return
      }
      if (!isErrno(error, 'EINVAL')) throw error
      throw new Fault({ code: 'ids-unavailable', ...owner, path: `/${textOfLayerPath(path)}` }, { cause: error })
    }
  }
}

function checkedId(id: number): number {
  if (Number.isInteger(id) && id >= 0 && id <= largestId) return id
  throw new Fault({ code: 'tar-invalid', problem: `${id} is not the id of a user or a group` })
}
