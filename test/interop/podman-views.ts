import { readFileSync } from 'node:fs'
import path from 'node:path'
import { answer, must, podmanRunFlags, type Place } from '../place.ts'
import { treeListing } from '../tree-listing.ts'

/** Standard output of `podman run --rm`. */
export function runInPodman(place: Place, image: string, ...command: readonly string[]): string {
  return must(place.podman('run', '--rm', ...podmanRunFlags, image, ...command))
}

/** An image copied into a store by skopeo, under the name that Shale gives it. */
export function copyBySkopeo(place: Place, source: string, name: string): void {
  must(answer('skopeo', ['copy', '--quiet', '--insecure-policy', source, `${place.transport}${name}`]))
}

/** All layers of an image as one tree, mounted by Podman. No tar says when the root was changed. */
export function treeByPodman(place: Place, image: string): Readonly<Record<string, string>> {
  const mountpoint = must(place.podman('image', 'mount', image)).trim()
  try {
    return withoutTimeOfRoot(treeListing(mountpoint))
  } finally {
    must(place.podman('image', 'unmount', image))
  }
}

/** All layers of an image of a layout as one tree, unpacked by umoci below `directory`. */
export function treeByUmoci(layout: string, reference: string, directory: string): Readonly<Record<string, string>> {
  must(answer('umoci', ['unpack', '--image', `${layout}:${reference}`, directory]))
  return withoutTimeOfRoot(treeListing(path.join(directory, 'rootfs')))
}

function withoutTimeOfRoot(listing: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return { ...listing, '.': (listing['.'] ?? '').replace(/ at -?\d+/, '') }
}

export interface Manifest {
  readonly config: { readonly digest: string }
  readonly layers: readonly { readonly digest: string; readonly size: number; readonly mediaType: string }[]
}

export function manifestOf(source: string): Manifest {
  return JSON.parse(must(answer('skopeo', ['inspect', '--raw', source]))) as Manifest
}

/** What lies in a store, by name: without the database of Podman, and what any visit leaves. */
export function remains(place: Place): readonly string[] {
  const ofVisits =
    /^\.$|\.lock$|^(?:libpod|tmp|mounts|secrets|db\.sql|defaultNetworkBackend)(?:\/|$)|\/\.has-mount-program$|\/tempdirs$|-layers\/tmp$/
  const isEmptyRecord = (name: string): boolean =>
    name.endsWith('s.json') && readFileSync(path.join(place.graph, name), 'utf8') === '[]'
  return Object.keys(treeListing(place.graph, { times: 'ignore' })).filter(
    (name) => !ofVisits.test(name) && !isEmptyRecord(name),
  )
}
