import { layerPathOfText, textOfLayerPath } from '#model'
import type { MergedFile } from '#store'
import { fileWords } from './file-words.ts'
import { getLayerOf } from './named.ts'
import { columns } from './output.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addLs: AddCommand = (program, signal) =>
  program
    .command('ls')
    .description('list a directory of an image, a container or a layer, without mounting it')
    .argument('<name>', 'image, container or layer')
    .argument('[path]', 'inside of it', '/')
    .option('-l, --long', 'with type, rights, owner, size, time and the targets of links')
    .addHelpText('after', '\nExample:\n  shale ls -l debian /etc')
    .action(async (name: string, path: string, options: { readonly long?: boolean }, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson }) => {
        const { openMergedTree } = await import('#store')
        const tree = openMergedTree(store, await getLayerOf(store, name))
        const wanted = layerPathOfText(path)
        const isDirectory = fileWords(tree.get(wanted)).type === 'directory'
        const files = isDirectory ? tree.list(wanted) : [tree.get(wanted)]
        if (globals.json) printJson(files.map(jsonOf))
        else if (options.long === true) print(columns(files.map(longRow)))
        else print(files.map((file) => `${baseName(file)}\n`).join(''))
      })
    })

function baseName(file: MergedFile): string {
  const text = textOfLayerPath(file.path)
  return text.slice(text.lastIndexOf('/') + 1)
}

function longRow(file: MergedFile): readonly string[] {
  const { letters, size, time } = fileWords(file)
  const arrow = file.target === undefined ? '' : ` -> ${textOfLayerPath(file.target)}`
  return [letters, `${file.status.uid}:${file.status.gid}`, size, time, `${baseName(file)}${arrow}`]
}

function jsonOf(file: MergedFile): Readonly<Record<string, unknown>> {
  const { type, time } = fileWords(file)
  const { mode, uid, gid, size, links } = file.status
  const target = file.target === undefined ? {} : { target: textOfLayerPath(file.target) }
  return {
    path: `/${textOfLayerPath(file.path)}`,
    type,
    mode: mode & 0o7777,
    uid,
    gid,
    size,
    links,
    modified: time,
    ...target,
  }
}
