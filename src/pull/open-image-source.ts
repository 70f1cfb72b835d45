import { resolve } from 'node:path'
import { openArchiveFiles } from './archive-files.ts'
import { openDirSource } from './dir-source.ts'
import { openDirectoryFiles } from './directory-files.ts'
import { openDockerArchiveSource } from './docker-archive-source.ts'
import { formatImageAddress, type ImageAddress, parseImageAddress } from './image-address.ts'
import type { ImageSource } from './image-source.ts'
import type { NamedFiles } from './named-files.ts'
import { openOciSource } from './oci-source.ts'
import type { SpoolOptions } from './spool-file.ts'

/**
 * Opens a place with images at one of them: `oci:DIRECTORY[:REFERENCE]`, `oci-archive:FILE[:REFERENCE]`,
 * `docker-archive:FILE[:REFERENCE|:@N]`, `dir:DIRECTORY`. Archives are read where they lie; a compressed one is decompressed to
 * a nameless file first. Files are looked up below the directory only, whatever links it holds.
 * @throws Fault `reference-invalid`, `source-image-unknown`, `archive-invalid`, `manifest-invalid`, `tar-invalid`,
 *   `path-escapes-root`; ErrnoException when there is nothing at the path
 */
export async function openImageSource(text: string, options: SpoolOptions = {}): Promise<ImageSource> {
  const address = parseImageAddress(text)
  await using stack = new AsyncDisposableStack()
  const files = stack.use(await openFiles(address, options))
  const source = await openIn(files, address, options)
  stack.move()
  return source
}

async function openFiles(address: ImageAddress, options: SpoolOptions): Promise<NamedFiles> {
  const path = resolve(address.path)
  const isDirectory = address.transport === 'oci' || address.transport === 'dir'
  return isDirectory ? openDirectoryFiles(path) : await openArchiveFiles(path, options)
}

async function openIn(files: NamedFiles, address: ImageAddress, options: SpoolOptions): Promise<ImageSource> {
  const description = formatImageAddress(address)
  switch (address.transport) {
    case 'oci':
    case 'oci-archive': {
      const wanted = { description, path: resolve(address.path), reference: address.reference }
      return await openOciSource(files, wanted)
    }
    case 'docker-archive':
      return await openDockerArchiveSource(
        files,
        { description, reference: address.reference, place: address.place },
        options,
      )
    case 'dir':
      return await openDirSource(files, description)
  }
}
