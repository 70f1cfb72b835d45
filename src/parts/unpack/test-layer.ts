import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BlobBytes, Unpacked, UnpackOptions } from './contract.ts'
import { unpack } from './unpack.ts'

const script = `
set -e
ln -s ../share/doc usr/documents
ln usr/big usr/big-again
mkfifo -m 620 usr/fifo
mknod usr/null c 1 3
mkdir -m 1777 tmp
chmod 4755 usr/share/doc/file-7
chown 1000:2000 usr/share/doc/file-8
chown -h 77:78 usr/documents
mv 'one byte' "$(printf 'caf\\351')"
setfattr -n user.color -v green usr/share/doc/file-9
touch -d '1999-12-31 23:59:59.5 UTC' usr/share/doc/file-10
touch -d '2001-02-03 04:05:06 UTC' usr/share/doc usr/share
`

/** A layer with one of everything, made by GNU tar, and room to unpack it in. */
export class TestLayer implements Disposable {
  readonly scratch = mkdtempSync(join(tmpdir(), 'shale-unpack-'))
  readonly path = join(this.scratch, 'layer.tar')
  /** Of all files, each counted once. */
  fileBytes = 0
  #serial = 0

  constructor() {
    const tree = join(this.scratch, 'tree')
    mkdirSync(join(tree, 'usr/share/doc'), { recursive: true })
    const write = (path: string, content: string | Buffer): void => {
      writeFileSync(join(tree, path), content)
      this.fileBytes += content.length
    }
    for (let i = 0; i < 300; i += 1) write(`usr/share/doc/file-${i}`, `line ${i}\n`.repeat(i * 3))
    write('usr/big', Buffer.alloc(5_000_000, 'neither short nor all alike, '))
    write('one byte', 'x')
    execFileSync('sh', ['-c', script], { cwd: tree })
    execFileSync('tar', ['--xattrs', '--xattrs-include=*', '-C', tree, '-cf', this.path, '.'])
  }

  [Symbol.dispose](): void {
    rmSync(this.scratch, { recursive: true, force: true })
  }

  /** The same layer, sent through a command. */
  through(command: string): string {
    const path = this.newPath()
    execFileSync('sh', ['-c', `${command} < ${this.path} > ${path}`])
    return path
  }

  newPath(): string {
    return join(this.scratch, `new-${(this.#serial += 1)}`)
  }

  newDirectory(): string {
    const directory = this.newPath()
    mkdirSync(directory)
    return directory
  }

  /** Unpacks into a directory of its own. */
  async unpack(
    blob: BlobBytes,
    options: UnpackOptions = {},
  ): Promise<{ readonly unpacked: Unpacked; readonly directory: string }> {
    const directory = this.newDirectory()
    const unpacked = await unpack(blob, { directory, semantics: 'unpack-layer' }, options)
    return { unpacked, directory }
  }
}

export function fileBlob(path: string): BlobBytes {
  return { kind: 'file', path }
}

export function streamBlob(bytes: Uint8Array, size = 70_000): BlobBytes {
  return { kind: 'stream', bytes: pieces(bytes, size) }
}

export async function* pieces(bytes: Uint8Array, size = 70_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

const listing = `
find . -printf '%p %y %m %U %G %s %n %T@ %l\\n' | sort
getfattr -R -h -d -m - . | sort
find . -type f -print0 | sort -z | xargs -0 sha256sum
`

/** All that can be seen of a tree: kinds, modes, owners, sizes, times, links, attributes, contents. */
export function contentsOf(directory: string): string {
  return execFileSync('sh', ['-c', listing], { cwd: directory, maxBuffer: 2 ** 26 }).toString('latin1')
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** One entry of a tar: a file of zeros. */
export function fileEntry(name: string, size: number): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0, 100, 'latin1')
  header.write('0000644\u00000000000\u00000000000\u0000', 100, 'latin1')
  header.write(`${size.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        0`, 124, 'latin1')
  header.write('ustar\u000000', 257, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return Buffer.concat([header, Buffer.alloc(Math.ceil(size / 512) * 512)])
}
