import type { PullPlan } from '#pull'
import { humanBytes, shortId } from './output.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

interface Options {
  readonly name: readonly string[]
  readonly platform?: string
  readonly keepBlobs?: boolean
  readonly dryRun?: boolean
}

export const addPull: AddCommand = (program, signal) =>
  program
    .command('pull')
    .description('bring an image into the store; layers that are there already are used')
    .argument('<source>', 'oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:REF|:@N] or dir:DIR')
    .option(
      '--name <name>',
      'a name for it, instead of the one it has there; may be given several times',
      (name: string, before: readonly string[]) => [...before, name],
      [],
    )
    .option('--platform <os/arch[/variant]>', 'which image of an index (default: that of this machine)')
    .option(
      '--keep-blobs',
      'keep compressed layers too, so that save can write the same digests; takes as much space again as they weigh',
    )
    .option('--dry-run', 'print what would be read, and change nothing')
    .addHelpText(
      'after',
      '\nA pull that fails or is interrupted leaves the store as it was.\n\nExamples:\n  shale pull oci:./debian:latest\n  shale pull docker-archive:debian.tar --name localhost/debian:12\n  shale pull oci:./debian --platform linux/arm64',
    )
    .action(async (source: string, options: Options, command) => {
      await inSession(command, signal, async ({ store, globals, note, print, printJson, onProgress }) => {
        const { planImagePull, pullImage } = await import('#pull')
        const { parsePlatform } = await import('#model')
        const wanted = {
          signal,
          onProgress,
          keepBlobs: options.keepBlobs === true,
          ...(options.name.length === 0 ? {} : { names: options.name }),
          ...(options.platform === undefined ? {} : { platform: parsePlatform(options.platform) }),
        }
        if (options.dryRun === true) {
          const plan = await planImagePull(store, source, wanted)
          if (globals.json) printJson(plan)
          else print(planText(plan))
          return
        }
        const { image, plan } = await pullImage(store, source, wanted)
        const present = plan.layers.filter((layer) => layer.kind === 'present').length
        if (globals.json) {
          printJson({
            id: image.id,
            digest: plan.manifestDigest,
            names: image.names,
            layers: plan.layers,
            bytesRead: plan.bytesToRead,
          })
          return
        }
        if (present > 0) note(`${present} of ${plan.layers.length} layers were here already`)
        for (const name of plan.names) note(name)
        print(image.id)
      })
    })

function planText(plan: PullPlan): string {
  const lines = plan.layers.map(
    ({ kind, id, blob }) =>
      `${kind === 'present' ? 'here already' : 'to be read  '}  ${shortId(id)}  ${humanBytes(blob.size)}`,
  )
  return [
    `image ${shortId(plan.image)} ${plan.names.join(' ')}`,
    ...lines,
    `in all ${humanBytes(plan.bytesToRead)} to be read`,
  ].join('\n')
}
