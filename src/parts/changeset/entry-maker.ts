import type { TarEntry } from '#formats/tar'
import {
  AT_SYMLINK_NOFOLLOW,
  ErrnoError,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_WRONLY,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  cStringOfLayerPath,
  errnoNumber,
  fchmod,
  fchmodat,
  findModeAt,
  fsetxattr,
  fstat,
  fstatat,
  futimens,
  linkat,
  makeDevice,
  mknodat,
  openat,
  symlinkat,
  tryMkdirat,
  tryOpenat,
  utimensat,
} from '#ground/sys'
import { Fault, textOfLayerPath } from '#model'
import { EntryAttributes } from './entry-attributes.ts'
import { type EntryPlace, entryPlace } from './entry-place.ts'
import { symlinkTimesOf, timesOf } from './entry-times.ts'
import type { LayerTree } from './layer-tree.ts'
import { formatOverrideStat, overrideStatXattr, overrideTypeOf } from './override-stat.ts'
import type { Owner, Ownership } from './ownership.ts'
import type { ApplyTarget } from './target.ts'

const EEXIST = errnoNumber('EEXIST')

/** A regular file that waits for its bytes; its metadata follows when they are written. */
export interface OpenFile {
  readonly fd: number
  readonly entry: TarEntry
  readonly place: EntryPlace
  readonly owner: Owner
  /** Nobody need change the owner. */
  readonly inborn: boolean
}

/** Makes what an entry describes, metadata and all (spec/drivers §8.2). Every call names one file in an open directory. */
export class EntryMaker {
  readonly #tree: LayerTree
  readonly #target: ApplyTarget
  readonly #ownership: Ownership
  readonly #attributes: EntryAttributes

  constructor(tree: LayerTree, target: ApplyTarget, ownership: Ownership, warn: (text: string) => void) {
    this.#tree = tree
    this.#target = target
    this.#ownership = ownership
    this.#attributes = new EntryAttributes(target, warn)
  }

  openFile(entry: TarEntry, place: EntryPlace): OpenFile {
    const owner = this.#ownership.ownerOf(entry)
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
    let parent = this.#tree.parentOf(place)
    let fd = tryOpenat(parent.fd, place.nameBytes, flags, 0o600)
    if (fd === -EEXIST) {
      parent = this.#tree.clearWay(place, parent)
      fd = tryOpenat(parent.fd, place.nameBytes, flags, 0o600)
    }
    if (fd < 0) throw new ErrnoError('open', place.nameBytes, -fd)
    this.#tree.noteOwn(parent, place.name)
    return { fd, entry, place, owner, inborn: this.#ownership.isInborn(owner, parent.gid) }
  }

  /** Only now, since writing clears setuid bits and file capabilities. */
  finishFile({ fd, entry, place, owner, inborn }: OpenFile): void {
    if (!inborn) this.#ownership.give(fd, owner, place.path)
    fchmod(fd, this.#modeOf(entry))
    const { access, modification } = timesOf(entry)
    futimens(fd, access, modification)
    this.#attributes.set(entry, fd)
    this.#override(entry, owner, fd)
  }

  /** A directory that is there stays, and gets the entry's metadata. Its times are for when all is done. */
  directory(entry: TarEntry, place: EntryPlace): void {
    const owner = this.#ownership.ownerOf(entry)
    const { directories, contents } = this.#tree
    let parent = this.#tree.parentOf(place)
    let errno = tryMkdirat(parent.fd, place.nameBytes, 0o700)
    const isKept = errno === EEXIST && (findModeAt(parent.fd, place.nameBytes) & S_IFMT) === S_IFDIR
    if (errno === EEXIST && !isKept) {
      parent = this.#tree.clearWay(place, parent)
      errno = tryMkdirat(parent.fd, place.nameBytes, 0o700)
    }
    if (errno !== 0 && !isKept) throw new ErrnoError('mkdir', place.nameBytes, errno)
    const fd = openat(parent.fd, place.nameBytes, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    const status = fstat(fd)
    this.#tree.noteOwn(parent, place.name)
    if (!isKept) contents.claim(status.inode)
    // Whoever holds it under another path as well would count on the group it had.
    if (isKept && status.gid !== owner.gid) directories.forget()
    const directory = directories.keep(place.path, fd, status)
    this.describeDirectory(entry, owner, fd, place)
    directory.gid = this.#target.forceMask === undefined ? owner.gid : status.gid
  }

  /** Owner, mode and attributes of a directory that is open. */
  describeDirectory(entry: TarEntry, owner: Owner, fd: number, place: EntryPlace): void {
    const { uid, gid, mode } = fstat(fd)
    if (uid !== owner.uid || gid !== owner.gid) this.#ownership.give(fd, owner, place.path)
    if ((mode & 0o7777) !== this.#modeOf(entry)) fchmod(fd, this.#modeOf(entry))
    this.#attributes.set(entry, fd)
    this.#override(entry, owner, fd)
  }

  symlink(entry: TarEntry, place: EntryPlace): void {
    const owner = this.#ownership.ownerOf(entry)
    refuseNul(entry)
    const target = cStringOfLayerPath(entry.linkPath)
    const parent = this.#tree.create(place, ({ fd }) => symlinkat(target, fd, place.nameBytes))
    if (!this.#ownership.isInborn(owner, parent.gid)) {
      this.#ownership.giveAt(parent.fd, place.nameBytes, owner, place.path)
    }
    const { access, modification } = symlinkTimesOf(entry)
    utimensat(parent.fd, place.nameBytes, access, modification)
    this.#attributes.setAt(entry, parent.fd, place.nameBytes)
  }

  /** The target is found in the root; it may be a symlink, which then gets another name itself. */
  hardLink(entry: TarEntry, place: EntryPlace): void {
    const owner = this.#ownership.ownerOf(entry)
    const target = entryPlace(entry.linkPath)
    const parent = this.#tree.create(place, ({ fd }) => {
      const source = this.#tree.directories.find(target.parent)
      if (typeof source === 'number') throw new ErrnoError('link', place.nameBytes, source)
      linkat(source.fd, target.nameBytes, fd, place.nameBytes)
    })
    const status = fstatat(parent.fd, place.nameBytes)
    if (status.uid !== owner.uid || status.gid !== owner.gid) {
      this.#ownership.giveAt(parent.fd, place.nameBytes, owner, place.path)
    }
    if ((status.mode & S_IFMT) !== S_IFLNK) this.#describeAt(entry, place, parent.fd)
    this.#attributes.setAt(entry, parent.fd, place.nameBytes)
  }

  /** Devices and fifos. */
  node(entry: TarEntry, place: EntryPlace): void {
    const owner = this.#ownership.ownerOf(entry)
    const type = entry.kind === 'fifo' ? S_IFIFO : entry.kind === 'block-device' ? S_IFBLK : S_IFCHR
    const device = entry.kind === 'fifo' ? 0 : deviceOf(entry)
    const mode = type | (entry.mode & 0o7777)
    const parent = this.#tree.create(place, ({ fd }) => mknodat(fd, place.nameBytes, mode, device))
    if (!this.#ownership.isInborn(owner, parent.gid)) {
      this.#ownership.giveAt(parent.fd, place.nameBytes, owner, place.path)
    }
    this.#describeAt(entry, place, parent.fd)
    this.#attributes.setAt(entry, parent.fd, place.nameBytes)
  }

  #describeAt(entry: TarEntry, place: EntryPlace, dirfd: number): void {
    fchmodat(dirfd, place.nameBytes, this.#modeOf(entry), AT_SYMLINK_NOFOLLOW)
    const { access, modification } = timesOf(entry)
    utimensat(dirfd, place.nameBytes, access, modification)
  }

  #modeOf(entry: TarEntry): number {
    return this.#target.forceMask ?? entry.mode & 0o7777
  }

  #override(entry: TarEntry, { uid, gid }: Owner, fd: number): void {
    if (this.#target.forceMask === undefined) return
    const text = formatOverrideStat({ uid, gid, mode: entry.mode, type: overrideTypeOf(entry) })
    fsetxattr(fd, overrideStatXattr, Buffer.from(text, 'latin1'))
  }
}

function refuseNul(entry: TarEntry): void {
  if (!entry.linkPath.includes('\0')) return
  throw new Fault({ code: 'tar-invalid', problem: `a NUL in the target of ${textOfLayerPath(entry.path)}` })
}

// The kernel takes 12 bits of the one and 20 of the other and would drop the rest: another device than the one named.
function deviceOf({ deviceMajor, deviceMinor, path }: TarEntry): number {
  if (deviceMajor >= 0 && deviceMajor <= 0xfff && deviceMinor >= 0 && deviceMinor <= 0xf_ffff) {
    return makeDevice(deviceMajor, deviceMinor)
  }
  const problem = `${textOfLayerPath(path)} is a device ${deviceMajor}:${deviceMinor}, which cannot be`
  throw new Fault({ code: 'tar-invalid', problem })
}
