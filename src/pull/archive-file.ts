import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, type FileHandle, link, mkdir, open, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { endOfArchive, formatTarHeader, padding } from '#formats/tar'
import type { ByteStream } from '#ground/bytes'
import { type Cancellable, Fault, layerPathOfText } from '#model'
import type { Durability } from '#store'
import { syncDirectory } from './staged-blobs.ts'
import { writeAll } from './spool-file.ts'

/** A tar in the making, under another name beside the one it gets when it is complete. */
export interface ArchiveFile extends AsyncDisposable {
  addFile(name: string, size: number, bytes: ByteStream | Iterable<Uint8Array>, options?: Cancellable): Promise<void>
  addDirectory(name: string): Promise<void>
  /** Ends the archive and gives it its name, unless that has been taken meanwhile. @throws Fault `destination-in-use` */
  finish(): Promise<void>
}

/** @throws Fault `destination-in-use` when there is something at the path; ErrnoException */
export async function openArchiveFile(path: string, durability: Durability): Promise<ArchiveFile> {
  await mkdir(dirname(path), { recursive: true })
  if (await isThere(path)) throw inUse(path)
  const partial = join(dirname(path), `.${basename(path)}.shale-${randomBytes(6).toString('hex')}`)
  const file = await open(partial, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644)
  const writer = new EntryWriter(file)
  return {
    addFile: async (name, size, bytes, options) => await writer.addFile(name, { size, bytes }, options),
    addDirectory: async (name) => await writer.addDirectory(name),
    finish: async () => {
      await writer.append(endOfArchive)
      if (durability === 'full') await file.sync()
      await giveName(partial, path)
      await syncDirectory(dirname(path), durability)
    },
    [Symbol.asyncDispose]: async () => {
      await file.close()
      await removeIfThere(partial)
    },
  }
}

function inUse(path: string, cause?: unknown): Fault {
  const problem = 'there is something of this name: remove it first, or choose another name'
  return new Fault({ code: 'destination-in-use', path, problem }, { cause })
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

// A link does not replace what is there, as a rename would.
async function giveName(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path)
  } catch (error) {
    throw codeOf(error) === 'EEXIST' ? inUse(path, error) : error
  }
  await unlink(partial)
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** The same entries give the same bytes: no owner, no time. */
class EntryWriter {
  readonly #file: FileHandle
  #position = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#position += await writeAll(this.#file, bytes, this.#position)
  }

  async addDirectory(name: string): Promise<void> {
    await this.append(
      formatTarHeader({ ...anonymous, kind: 'directory', path: layerPathOfText(`${name}/`), mode: 0o755 }),
    )
  }

  async addFile(
    name: string,
    { size, bytes }: { readonly size: number; readonly bytes: ByteStream | Iterable<Uint8Array> },
    { signal }: Cancellable = {},
  ): Promise<void> {
    await this.append(formatTarHeader({ ...anonymous, kind: 'file', path: layerPathOfText(name), size, mode: 0o444 }))
    const end = this.#position + size
    for await (const piece of bytes) {
      signal?.throwIfAborted()
      if (this.#position + piece.byteLength > end)
        throw this.#mismatch(name, size, this.#position + piece.byteLength - end + size)
      await this.append(piece)
    }
    if (this.#position !== end) throw this.#mismatch(name, size, size - (end - this.#position))
    await this.append(new Uint8Array(padding(size)))
  }

  #mismatch(what: string, expected: number, actual: number): Fault {
    return new Fault({ code: 'size-mismatch', what, expected, actual })
  }
}

const anonymous = { uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 } }
