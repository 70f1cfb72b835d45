import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { must, type Place } from '../place.ts'
import { treeListing } from '../tree-listing.ts'

interface LayerRecord {
  readonly id: string
  readonly flags?: { readonly incomplete?: boolean }
}

/** The records as they lie on the disk, read by nobody's code but JSON.parse. */
export function layersOnDisk(place: Place): readonly LayerRecord[] {
  const file = path.join(place.graph, `${place.driver}-layers/layers.json`)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly LayerRecord[]) : []
}

/** What lies in the store, without what every visit leaves: tokens in lock files, caches of the kernel's features, times. */
export function storeListing(place: Place): Readonly<Record<string, string>> {
  const listing = treeListing(place.graph, { times: 'ignore' })
  return Object.fromEntries(Object.entries(listing).filter(([name]) => !name.endsWith('.lock')))
}

/**
 * Whether the store keeps its promises after whatever happened: both programs list the same, nothing half-done is listed, and every
 * layer of every image gives out exactly the bytes of its diffID.
 */
export function assertSound(place: Place): void {
  const ours = JSON.parse(must(place.shale('layers', '--json'))) as readonly {
    readonly id: string
    readonly diffId?: string
  }[]
  assert.deepEqual(
    layersOnDisk(place).filter(({ flags }) => flags?.incomplete === true),
    [],
    'an incomplete layer is left',
  )
  const theirs = JSON.parse(must(place.go('layers', '-j'))) as readonly LayerRecord[]
  assert.deepEqual(
    theirs.map(({ id }) => id),
    ours.map(({ id }) => id),
  )
  const images = JSON.parse(must(place.shale('images', '--json'))) as readonly {
    readonly id: string
    readonly layer: string
  }[]
  const known = new Set(ours.map(({ id }) => id))
  assert.deepEqual(
    images.filter(({ layer }) => !known.has(layer)),
    [],
    'an image without its layer is left',
  )
  for (const { id } of images) {
    const out = path.join(place.directory, `saved-${id.slice(0, 12)}`)
    // Every layer is played back and compared with its diffID on the way.
    must(place.shale('save', id, `dir:${out}`, '--compression', 'none'))
    rmSync(out, { recursive: true })
  }
}

/** Leftovers in every place where something is staged or on its way out. */
export function leftovers(place: Place): readonly string[] {
  const rooms = [path.join(place.graph, place.driver, 'tempdirs'), path.join(place.graph, `${place.driver}-layers/tmp`)]
  return rooms
    .filter((room) => existsSync(room))
    .flatMap((room) => readdirSync(room).map((name) => path.join(path.basename(path.dirname(room)), name)))
}
