import { digestsOf, type Image, nanosecondsOfTimestamp } from '#model'
import { imageSizesOf } from './image-sizes.ts'
import { humanAge, humanBytes, shortId, table } from './output.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addImages: AddCommand = (program, signal) =>
  program
    .command('images')
    .description('list images')
    .option('--no-trunc', 'print whole ids')
    .option('--digests', 'print the digests of the manifests')
    .addHelpText('after', '\nExamples:\n  shale images\n  shale images --json | jq -r ".[].names[]"')
    .action(async (options: { readonly trunc: boolean; readonly digests?: boolean }, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson }) => {
        const { listAll } = await import('#store')
        const all = await listAll(store, { signal })
        const sizes = imageSizesOf(all)
        if (globals.json) {
          printJson(all.images.map((image) => ({ ...jsonOf(image), size: sizes.get(image.id) })))
          return
        }
        const id = (text: string): string => (options.trunc ? shortId(text) : text)
        if (globals.quiet) {
          print(all.images.map((image) => `${id(image.id)}\n`).join(''))
          return
        }
        const rows = all.images.flatMap((image) => {
          const shown = image.names.length === 0 ? ['<none>'] : image.names
          const digest = options.digests === true ? [image.digest ?? '<none>'] : []
          return shown.map((name) => [
            ...repositoryAndTag(name),
            ...digest,
            id(image.id),
            humanAge(Date.now() - Number(nanosecondsOfTimestamp(image.created) / 1_000_000n)),
            sizeText(sizes.get(image.id)),
          ])
        })
        const headings = [
          'REPOSITORY',
          'TAG',
          ...(options.digests === true ? ['DIGEST'] : []),
          'IMAGE ID',
          'CREATED',
          'SIZE',
        ]
        print(table(headings, rows))
      })
    })

/** The fields of the record that mean something to others, absent ones left out. */
export function jsonOf(image: Image): Readonly<Record<string, unknown>> {
  const { id, digest, names, namesHistory, layer, mappedLayers, created } = image
  return { id, names, digest, digests: digestsOf(image), layer, mappedLayers, created, namesHistory }
}

function repositoryAndTag(name: string): readonly [string, string] {
  if (name.includes('@')) return [name.slice(0, name.indexOf('@')), '<none>']
  const colon = name.lastIndexOf(':')
  if (colon <= name.lastIndexOf('/')) return [name, '<none>']
  return [name.slice(0, colon), name.slice(colon + 1)]
}

function sizeText(bytes: number | undefined): string {
  return bytes === undefined ? 'unknown' : humanBytes(bytes)
}
