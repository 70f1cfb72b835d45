import type { Command } from './command.ts'

/** Commands of the original that this program does not have yet. They say so, and fail. */
const later = (name: string, description: string, ...aliases: readonly string[]): Command => ({
  names: [name, ...aliases],
  usage: '[options [...]]',
  description,
  words: { least: 0, most: Number.POSITIVE_INFINITY },
  flags: [],
  run: async ({ complain }) => {
    complain(`${name}: not implemented yet`)
    return 1
  },
})

export const applyDiffUsingStagingDir = later(
  'applydiff-using-staging-dir',
  'Apply a diff to a layer using a staging directory',
)
export const check = later('check', 'Check storage consistency')
export const config = later('config', 'Print storage library configuration as JSON')
export const containerParentOwners = later(
  'container-parent-owners',
  'Compute the set of unmapped parent UIDs and GIDs of the container',
)
export const copy = later('copy', 'Copy files or directories into a layer, possibly from another layer')
export const createStorageLayer = later('create-storage-layer', 'Create a new layer only in the storage driver')
export const dedup = later('dedup', 'Dedup similar files in the images')
export const gc = later('gc', 'Garbage collect leftovers from partial layers/images/containers')
export const layerParentOwners = later(
  'layer-parent-owners',
  'Compute the set of unmapped parent UIDs and GIDs of the layer',
)
export const unshare = later('unshare', 'Run a command in a user namespace')
