import type { TarEntry, TarEntryKind } from '#formats/tar'
import {
  S_IFCHR,
  cStringOfLayerPath,
  close,
  fsetxattr,
  isErrno,
  lsetxattr,
  mknodat,
  pathBelow,
  writeFully,
} from '#ground/sys'
import { Fault, type LayerPath, cleanLayerPath, isFault, rootOf, textOfLayerPath } from '#model'
import { clearLowerContent } from './clear-lower-content.ts'
import { DirectoryTimes } from './directory-times.ts'
import { EntryMaker, type OpenFile } from './entry-maker.ts'
import { type EntryPlace, entryPlace } from './entry-place.ts'
import { directoryTimesOf } from './entry-times.ts'
import { LayerTree } from './layer-tree.ts'
import { LinkSpool } from './link-spool.ts'
import { located } from './located.ts'
import type { OpenDirectory } from './open-directories.ts'
import { formatOverrideStat, overrideStatXattr } from './override-stat.ts'
import { type Owner, Ownership } from './ownership.ts'
import type { ApplyTarget } from './target.ts'
import { hiddenName, linkDirectory, metadataPrefix, opaqueName, whiteoutPrefix } from './whiteout-name.ts'

export interface ChangesetApplierOptions {
  /** What was tolerated: an owner or an attribute that could not be set. One sentence each. */
  readonly onWarning?: (text: string) => void
}

/**
 * Applies the entries of a layer's tar to a directory, synchronously, as they come from a parser: give it `entry`, `body`* and
 * `entryEnd` for each, `finish` when the archive was whole, and dispose it in any case. Results are those of spec/drivers §8.2–8.4
 * and §8.6: as if the process were chrooted into the directory.
 *
 * Nothing outside of the directory is touched, whatever the entries say and whatever other processes do to the tree meanwhile:
 * parents are found by `openat2` in the root and held open, and every call names a single file in such a directory and follows
 * no symlink. Nothing is synced; after a crash or a Fault the directory holds a part of the changeset and is to be thrown away.
 */
export class ChangesetApplier implements Disposable {
  readonly #target: ApplyTarget
  readonly #ownership: Ownership
  readonly #tree: LayerTree
  readonly #make: EntryMaker
  readonly #directoryTimes = new DirectoryTimes()
  #rootOverride = formatOverrideStat({ uid: 0, gid: 0, mode: 0o755, type: 'dir' })
  #file: OpenFile | undefined
  #spool: LinkSpool | undefined
  #spooling: { readonly name: string; readonly entry: TarEntry; size: number } | undefined

  /** @throws Fault `system` if the directory cannot be opened */
  constructor(target: ApplyTarget, options: ChangesetApplierOptions = {}) {
    const warn = options.onWarning ?? (() => undefined)
    this.#target = target
    this.#ownership = new Ownership(target, warn)
    this.#tree = new LayerTree(
      target,
      (fd, path) => this.#giveToRoot(fd, path),
      (path) => this.#directoryTimes.forget(path),
    )
    this.#make = new EntryMaker(this.#tree, target, this.#ownership, warn)
  }

  /** @throws Fault `tar-invalid`, `id-unmapped`, `ids-unavailable`, `system` */
  entry(entry: TarEntry): void {
    if (entry.kind === 'global-header') return
    const place = entryPlace(entry.path)
    try {
      if (place.path === '') this.#applyToRoot(entry, place)
      else if (this.#target.semantics === 'overlay') this.#applyForOverlay(entry, place)
      else this.#applyOntoLower(entry, place)
    } catch (error) {
      throw located(error, place.path)
    }
  }

  /** Bytes of the entry's file; those of whatever has no body here are passed over. The view is not kept. */
  body(bytes: Uint8Array): void {
    if (this.#file !== undefined) {
      try {
        writeFully(this.#file.fd, bytes)
      } catch (error) {
        throw located(error, this.#file.place.path)
      }
    } else if (this.#spool !== undefined && this.#spooling !== undefined) {
      writeFully(this.#spool.fd, bytes)
      this.#spooling.size += bytes.byteLength
    }
  }

  entryEnd(): void {
    if (this.#spooling !== undefined) {
      this.#spool?.add(this.#spooling.name, this.#spooling.entry, this.#spooling.size)
      this.#spooling = undefined
    }
    const file = this.#file
    if (file === undefined) return
    this.#file = undefined
    try {
      this.#make.finishFile(file)
    } catch (error) {
      close(file.fd)
      throw located(error, file.place.path)
    }
    close(file.fd)
  }

  /** After the last entry: gives directories their times, which filling them has changed. @throws Fault `system` */
  finish(): void {
    this.#directoryTimes.apply(this.#tree.directories)
    if (this.#target.forceMask !== undefined && this.#target.semantics === 'overlay') {
      fsetxattr(this.#tree.directories.root.fd, overrideStatXattr, Buffer.from(this.#rootOverride, 'latin1'))
    }
  }

  close(): void {
    if (this.#file !== undefined) close(this.#file.fd)
    this.#file = undefined
    this.#spool?.[Symbol.dispose]()
    this.#spool = undefined
    this.#tree[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Lower content is in the directory: a whiteout removes it. */
  #applyOntoLower(entry: TarEntry, place: EntryPlace): void {
    if (place.path.startsWith(metadataPrefix) && place.path !== opaqueName) this.#applyMetadata(entry, place)
    else if (place.name === opaqueName) {
      const directory = this.#directoryToMark(place)
      if (directory === undefined) return
      clearLowerContent(directory, this.#tree.contents)
      this.#tree.directories.forget()
    } else if (place.name.startsWith(whiteoutPrefix)) {
      this.#tree.removeBeside(place, hiddenName(place.name, place.path))
    } else this.#apply(entry, place)
  }

  // What AUFS kept for itself is not unpacked, but for the files that hard links point to.
  #applyMetadata(entry: TarEntry, place: EntryPlace): void {
    this.#tree.parentOf(place)
    if (entry.kind !== 'file' || !place.path.startsWith(linkDirectory)) return
    this.#spool ??= new LinkSpool(this.#tree.directories.root.fd)
    this.#spooling = { name: place.name, entry, size: 0 }
  }

  /** Lower content is in other directories: a whiteout is left as a mark for the kernel. */
  #applyForOverlay(entry: TarEntry, place: EntryPlace): void {
    if (!place.name.startsWith(whiteoutPrefix)) {
      this.#apply(entry, place)
      return
    }
    const owner = this.#ownership.ownerOf(entry)
    const parent = this.#directoryToMark(place)
    if (parent === undefined) return
    if (place.name === opaqueName) {
      const attribute = `${this.#target.overlayXattrs ?? 'trusted'}.overlay.opaque`
      lsetxattr(pathBelow(parent.fd, '.'), attribute, Buffer.from('y'))
    } else this.#makeWhiteout(parent, place, owner)
  }

  #makeWhiteout(parent: OpenDirectory, place: EntryPlace, owner: Owner): void {
    const hidden = cStringOfLayerPath(hiddenName(place.name, place.path))
    mknodat(parent.fd, hidden, S_IFCHR, 0)
    if (!this.#ownership.isInborn(owner, parent.gid)) this.#ownership.giveAt(parent.fd, hidden, owner, place.path)
  }

  // Some tools write `.wh.a` and then `a/.wh.b`: where `a` is no directory there is nothing left to mark.
  #directoryToMark(place: EntryPlace): OpenDirectory | undefined {
    try {
      return this.#tree.parentOf(place)
    } catch (error) {
      if (isErrno(error, 'ENOTDIR')) return undefined
      throw error
    }
  }

  #apply(entry: TarEntry, place: EntryPlace): void {
    switch (this.#kindOf(entry)) {
      case 'file':
        this.#file = this.#make.openFile(entry, place)
        return
      case 'directory':
        this.#make.directory(entry, place)
        this.#directoryTimes.set(place.path, directoryTimesOf(entry))
        return
      case 'symlink':
        this.#make.symlink(entry, place)
        return
      case 'hard-link':
        this.#applyHardLink(entry, place)
        return
      case 'char-device':
      case 'block-device':
      case 'fifo':
        this.#applyNode(entry, place)
        return
      case 'global-header':
        return
      case 'other':
        throw new Fault({ code: 'tar-invalid', problem: `unhandled tar header type ${entry.typeflag}` })
    }
  }

  // Under a mask a file system is meant that can make nothing else.
  #kindOf(entry: TarEntry): TarEntryKind {
    if (this.#target.forceMask === undefined) return entry.kind
    return entry.kind === 'directory' || entry.kind === 'symlink' || entry.kind === 'hard-link' ? entry.kind : 'file'
  }

  #applyHardLink(entry: TarEntry, place: EntryPlace): void {
    const target = cleanLayerPath(entry.linkPath)
    if (this.#target.semantics === 'overlay' || !target.startsWith(linkDirectory)) {
      this.#make.hardLink(entry, place)
      return
    }
    const spooled = this.#spool?.find(target.slice(target.lastIndexOf('/') + 1))
    if (this.#spool === undefined || spooled === undefined) {
      throw new Fault({ code: 'tar-invalid', problem: `invalid aufs hardlink "${textOfLayerPath(entry.linkPath)}"` })
    }
    // Closed by `entryEnd`.
    this.#file = this.#make.openFile(spooled.entry, place)
    this.#spool.copy(spooled, this.#file.fd)
  }

  #applyNode(entry: TarEntry, place: EntryPlace): void {
    const isDevice = entry.kind !== 'fifo'
    if (isDevice && this.#target.inUserNamespace === true) {
      this.#tree.clearWay(place, this.#tree.parentOf(place))
      return
    }
    this.#make.node(entry, place)
  }

  #applyToRoot(entry: TarEntry, place: EntryPlace): void {
    const isSkipped = this.#target.semantics === 'overlay' && isDot(entry.path)
    const { uid, gid } = isSkipped ? entry : this.#ownership.ownerOf(entry)
    this.#rootOverride = formatOverrideStat({ uid, gid, mode: entry.mode, type: 'dir' })
    if (isSkipped) return
    if (entry.kind !== 'directory') {
      throw new Fault({ code: 'tar-invalid', problem: `the root of the layer is to become a ${entry.kind}` })
    }
    this.#make.describeDirectory(entry, { uid, gid }, this.#tree.directories.root.fd, place)
    this.#tree.directories.root.gid = gid
    this.#directoryTimes.set(place.path, directoryTimesOf(entry))
  }

  // Parents that no entry describes are the root user's, where lower directories are not a part of this one.
  #giveToRoot(fd: number, path: LayerPath): number | undefined {
    if (this.#target.semantics !== 'overlay') return undefined
    try {
      const { uids, gids } = this.#target.idMaps ?? {}
      const owner = { uid: rootOf(uids), gid: rootOf(gids) }
      this.#ownership.give(fd, owner, path)
      return owner.gid
    } catch (error) {
      if (isFault(error, 'id-unmapped')) return undefined
      throw error
    }
  }
}

/** Whether Go's Clean makes `.` of it: `./` and `a/..`, but neither `/` nor `..`. */
function isDot(path: LayerPath): boolean {
  if (path.startsWith('/')) return false
  let depth = 0
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    depth += part === '..' ? -1 : 1
    if (depth < 0) return false
  }
  return true
}
