import { Fault, type LayerId } from '#model'
import { findImage, listImages, type Store, type StoredObject } from '#store'

/**
 * What a person means by a name: a container, an image, or a layer, by id, name, or unique prefix of an id. An image answers to
 * short names too, as in Podman: `debian` is `docker.io/library/debian:latest` or the one image whose name ends in `/debian:latest`.
 * @throws Fault `object-unknown`; `name-ambiguous` when several images answer to a short name
 */
export async function getNamed(store: Store, name: string): Promise<StoredObject> {
  const { findObject } = await import('#store')
  const exact = await findObject(store, name, { among: ['container', 'image', 'layer'] })
  if (exact !== undefined) return exact
  const image = await imageByShortName(store, name)
  if (image === undefined) throw new Fault({ code: 'object-unknown', name })
  return { kind: 'image', record: image }
}

/** @throws Fault `image-unknown`, `name-ambiguous` */
export async function getNamedImage(store: Store, name: string): Promise<Image> {
  const image = (await findImage(store, name)) ?? (await imageByShortName(store, name))
  if (image === undefined) throw new Fault({ code: 'image-unknown', image: name })
  return image
}

type Image = Extract<StoredObject, { kind: 'image' }>['record']

async function imageByShortName(store: Store, name: string): Promise<Image | undefined> {
  const wanted = withTag(name)
  const images = await listImages(store)
  const prefixes = ['', 'docker.io/library/', 'docker.io/', 'localhost/']
  for (const prefix of prefixes) {
    const exact = images.find(({ names }) => names.includes(`${prefix}${wanted}`))
    if (exact !== undefined) return exact
  }
  const matches = images.filter(({ names }) => names.some((other) => other.endsWith(`/${wanted}`)))
  if (matches.length > 1) {
    const candidates = matches.flatMap(({ names }) => names.filter((other) => other.endsWith(`/${wanted}`)))
    throw new Fault({ code: 'name-ambiguous', name, candidates })
  }
  return matches[0]
}

function withTag(name: string): string {
  return /[:@][^/]*$/.test(name) ? name : `${name}:latest`
}

/** The layer whose tree a person means by this name. @throws Fault `object-unknown`, `unsupported` for an image without layers */
export async function getLayerOf(store: Store, name: string): Promise<LayerId> {
  const object = await getNamed(store, name)
  switch (object.kind) {
    case 'layer':
      return object.record.id
    case 'container':
      return object.record.layer
    case 'image': {
      const { layer } = object.record
      if (layer === undefined)
        throw new Fault({
          code: 'unsupported',
          what: `looking into ${name}, an image without layers,`,
          by: 'this command',
        })
      return layer
    }
  }
}
