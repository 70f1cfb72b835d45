import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import {
  AT_FDCWD,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  fstatat,
  lgetxattr,
  llistxattr,
  majorOf,
  minorOf,
  type FileStatus,
} from '#ground/sys'

/** A whole tree as one value: path (one char per byte) → all that can be seen of it, as a line. */
export type Tree = Readonly<Record<string, string>>

/** Everything below a directory, without the directory itself. Times are told of files only: what makes a directory is later than its entry. */
export function treeOf(root: string): Tree {
  const tree: Record<string, string> = {}
  const links = new Map<string, string>()
  const visit = (directory: Buffer, prefix: string): void => {
    const names = readdirSync(directory, { encoding: 'buffer' }).sort((a, b) => Buffer.compare(a, b))
    for (const name of names) {
      const where = Buffer.concat([directory, Buffer.from('/'), name])
      const path = `${prefix}${name.toString('latin1')}`
      const status = fstatat(AT_FDCWD, where)
      tree[path] = lineOf(where, path, status, links)
      if ((status.mode & S_IFMT) === S_IFDIR) visit(where, `${path}/`)
    }
  }
  visit(Buffer.from(root), '')
  return tree
}

/** The same with kinds and contents only. */
export function contentsOf(root: string): Tree {
  const brief = (line: string): string => line.replace(/^(\w+) \d+ \d+:\d+[^:]*: /, '$1: ')
  return Object.fromEntries(Object.entries(treeOf(root)).map(([path, line]) => [path, brief(line)]))
}

function lineOf(where: Buffer, path: string, status: FileStatus, links: Map<string, string>): string {
  const mode = (status.mode & 0o7777).toString(8).padStart(4, '0')
  const xattrs = llistxattr(where)
    .filter((name) => !name.startsWith('trusted.overlay.') && !name.startsWith('user.overlay.'))
    .sort()
    .map((name) => ` ${name}=${lgetxattr(where, name)?.toString('hex') ?? ''}`)
    .join('')
  return `${kindOf(status)} ${mode} ${status.uid}:${status.gid}${xattrs}: ${detailOf(where, path, status, links)}`
}

function kindOf(status: FileStatus): string {
  switch (status.mode & S_IFMT) {
    case S_IFREG:
      return 'file'
    case S_IFDIR:
      return 'directory'
    case S_IFLNK:
      return 'symlink'
    case S_IFCHR:
      return 'char'
    case S_IFBLK:
      return 'block'
    case S_IFIFO:
      return 'fifo'
    default:
      return 'socket'
  }
}

function detailOf(where: Buffer, path: string, status: FileStatus, links: Map<string, string>): string {
  switch (kindOf(status)) {
    case 'file': {
      const key = `${status.device}:${status.inode}`
      const first = links.get(key)
      if (first !== undefined) return `same as ${first}`
      if (status.links > 1) links.set(key, path)
      return `${readFileSync(where).toString('latin1')} @${status.modified.seconds}`
    }
    case 'symlink':
      return readlinkSync(where, { encoding: 'buffer' }).toString('latin1')
    case 'char':
    case 'block':
      return `${majorOf(status.specialDevice)}:${minorOf(status.specialDevice)}`
    default:
      return ''
  }
}
