import { getNamed } from './named.ts'
import { shortId, table } from './output.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addMount: AddCommand = (program, signal) =>
  program
    .command('mount')
    .description(
      'mount containers (to write) or images (to read) and print where; without a name, list what is mounted',
    )
    .argument('[name...]', 'containers or images, by name, id, or the beginning of an id')
    .addHelpText(
      'after',
      '\nMounts are counted, together with those of Podman: what is mounted twice has to be unmounted twice.\n\nExamples:\n  ls $(shale mount debian)\n  shale unmount debian',
    )
    .action(async (names: readonly string[], _options, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson }) => {
        const { listAll, mountImage, mountLayer } = await import('#store')
        if (names.length === 0) {
          const { mounts, containers, images } = await listAll(store, { signal })
          const rows = [...mounts].map(([layer, { path, count }]) => {
            const owner =
              containers.find((container) => container.layer === layer) ??
              images.find((image) => image.layer === layer || image.mappedLayers.some((mapped) => mapped === layer))
            return { id: owner?.id ?? layer, name: owner?.names[0] ?? '', path, count }
          })
          if (globals.json) printJson(rows)
          else
            print(
              table(
                ['ID', 'NAME', 'COUNT', 'MOUNTED AT'],
                rows.map(({ id, name, path, count }) => [shortId(id), name, String(count), path]),
              ),
            )
          return
        }
        const mounted: { readonly name: string; readonly id: string; readonly path: string }[] = []
        for (const name of names) {
          const { kind, record } = await getNamed(store, name)
          const path =
            kind === 'image'
              ? await mountImage(store, record.id, { signal })
              : await mountLayer(store, record.id, { signal })
          mounted.push({ name, id: record.id, path })
        }
        if (globals.json) printJson(mounted)
        else print(mounted.map(({ path }) => `${path}\n`).join(''))
      })
    })
