import { type FileHandle, open } from 'node:fs/promises'
import { detectCompression, decompressed, detectionBytes } from '#formats/compression'
import { fileStream } from '#ground/bytes'
import { cleanLayerPath, Fault, layerPathOfText } from '#model'
import type { FileStretch, NamedFiles } from './named-files.ts'
import { type SpoolOptions, spoolToFile } from './spool-file.ts'
import { readTarDirectory, type TarDirectory } from './tar-directory.ts'

/**
 * A tar of an image, read where it lies. A compressed one is decompressed to a nameless temporary file first: its parts are
 * needed in an order of their own. @throws Fault `archive-invalid`, `tar-invalid`, `compression-invalid`; ErrnoException
 */
export async function openArchiveFiles(path: string, options: SpoolOptions = {}): Promise<NamedFiles> {
  await using stack = new AsyncDisposableStack()
  const archive = stack.use(await open(path))
  if (!(await archive.stat()).isFile())
    throw new Fault({ code: 'archive-invalid', source: path, problem: 'it is not a file' })
  const plain = await plainFile(archive, stack, options)
  const directory = await readTarDirectory(plain, options.signal)
  const kept = stack.move()
  return {
    description: path,
    find: (name) => Promise.resolve(find({ path, plain, directory }, name)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function plainFile(archive: FileHandle, stack: AsyncDisposableStack, options: SpoolOptions): Promise<FileHandle> {
  const start = Buffer.alloc(detectionBytes)
  const { bytesRead } = await archive.read(start, 0, start.length, 0)
  const compression = detectCompression(start.subarray(0, bytesRead))
  if (compression === 'uncompressed') return archive
  const { size } = await archive.stat()
  const bytes = fileStream(archive.fd, { range: { offset: 0, length: size }, signal: options.signal })
  const spool = await spoolToFile(decompressed(bytes, { compression }), size, options)
  return stack.use(spool).file
}

interface OpenArchive {
  readonly path: string
  readonly plain: FileHandle
  readonly directory: TarDirectory
}

const mostLinks = 16

function find({ path, plain, directory }: OpenArchive, name: string): FileStretch | undefined {
  let place = directory.get(cleanLayerPath(layerPathOfText(name)))
  for (let links = 0; place?.kind === 'link'; links++) {
    if (links === mostLinks)
      throw new Fault({ code: 'archive-invalid', source: path, problem: `${name}: too many links` })
    place = directory.get(place.target)
  }
  if (place === undefined) return undefined
  return { kind: 'file', path: `/proc/self/fd/${plain.fd}`, offset: place.offset, length: place.length }
}
