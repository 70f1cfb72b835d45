import { Option } from 'commander'
import { getNamedImage } from './named.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

interface Options {
  readonly compression: 'keep' | 'none' | 'gzip' | 'zstd'
  readonly compressionLevel?: string
  readonly preserveDigests?: boolean
}

export const addSave: AddCommand = (program, signal) =>
  program
    .command('save')
    .description('write an image to a layout, an archive or a directory that other tools read')
    .argument('<image>', 'by name, id, or the beginning of an id')
    .argument('<destination>', 'oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:REF] or dir:DIR')
    .addOption(
      new Option('--compression <kind>', 'of the layers; keep: each as it came')
        .choices(['keep', 'none', 'gzip', 'zstd'])
        .default('keep'),
    )
    .option('--compression-level <number>', 'gzip 1 to 9, zstd 1 to 22')
    .option('--preserve-digests', 'fail rather than write blobs with other digests than the image came with')
    .addHelpText(
      'after',
      '\nLayers are always bit for bit those that came in, once uncompressed. Their compressed blobs are too, where the image was pulled with\n--keep-blobs, came uncompressed, or was compressed by shale; else the manifest is written anew over the same config and layers, and the\nimage id stays the same.\n\nExamples:\n  shale save debian oci:./debian:latest\n  shale save debian docker-archive:debian.tar',
    )
    .action(async (name: string, destination: string, options: Options, command) => {
      await inSession(command, signal, async ({ store, globals, note, print, printJson, onProgress }) => {
        const { saveImage } = await import('#pull')
        const image = await getNamedImage(store, name)
        const level =
          options.compressionLevel === undefined ? {} : { compressionLevel: Number(options.compressionLevel) }
        const saved = await saveImage(store, image.id, destination, {
          signal,
          onProgress,
          compression: options.compression,
          preserveDigests: options.preserveDigests === true,
          ...level,
        })
        if (saved.manifest === 'new')
          note(
            'some layers came compressed by another program: the manifest is new, the image id and the uncompressed layers are the same (pull --keep-blobs keeps them)',
          )
        if (globals.json) printJson({ id: image.id, ...saved })
        else print(saved.manifestDigest)
      })
    })
