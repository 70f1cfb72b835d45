import type { Image } from '#model'
import { readBigData, type Store } from '#store'

/** The parts of an OCI image config that this door shows. It has been checked when the image came in; other tools' images are read as they are. */
export interface ShownConfig {
  readonly architecture?: string
  readonly os?: string
  readonly created?: string
  readonly config?: Readonly<Record<string, unknown>>
  readonly history?: readonly {
    readonly created_by?: string
    readonly empty_layer?: boolean
    readonly comment?: string
  }[]
}

/** Undefined where the image has no config among its big data. @throws SyntaxError when it is no JSON */
export async function readConfig(store: Store, image: Image): Promise<ShownConfig | undefined> {
  const key = image.bigDataNames.find((name) => name.startsWith('sha256:'))
  if (key === undefined) return undefined
  const bytes = await readBigData(store, { kind: 'image', object: image.id, key })
  const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
  return typeof value === 'object' && value !== null ? value : undefined
}
