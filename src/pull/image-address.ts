import { Fault } from '#model'

/** Where an image comes from, or goes to, as it is written: `oci:DIRECTORY[:REFERENCE]` and the others (containers-transports(5)). */
export type ImageAddress =
  | { readonly transport: 'oci' | 'oci-archive'; readonly path: string; readonly reference?: string }
  | {
      readonly transport: 'docker-archive'
      readonly path: string
      readonly reference?: string
      /** `@N`: the image's place in the archive, from 0. */
      readonly place?: number
    }
  | { readonly transport: 'dir'; readonly path: string }

export const transports = ['oci', 'oci-archive', 'docker-archive', 'dir'] as const

/**
 * The path ends at the first colon, as for Podman and Skopeo; what follows is the reference. A `dir:` path is all of the rest.
 * @throws Fault `reference-invalid`
 */
export function parseImageAddress(text: string): ImageAddress {
  const colon = text.indexOf(':')
  const transport = transports.find((name) => name === text.slice(0, colon))
  if (transport === undefined) {
    throw invalid(text, `it has to begin with ${transports.map((name) => `${name}:`).join(', ')}`)
  }
  const rest = text.slice(colon + 1)
  const cut = transport === 'dir' ? -1 : rest.indexOf(':')
  const path = cut < 0 ? rest : rest.slice(0, cut)
  const reference = cut < 0 ? '' : rest.slice(cut + 1)
  if (path === '') throw invalid(text, `a path is missing after ${transport}:`)
  if (path.includes('\0')) throw invalid(text, 'a path cannot contain NUL')
  if (transport === 'dir') return { transport, path }
  const place = transport === 'docker-archive' ? /^@(\d{1,9})$/.exec(reference)?.[1] : undefined
  if (transport === 'docker-archive' && place !== undefined) return { transport, path, place: Number(place) }
  return { transport, path, ...(reference === '' ? {} : { reference }) }
}

/** As it would be written. */
export function formatImageAddress(address: ImageAddress): string {
  const place = 'place' in address && address.place !== undefined ? `:@${address.place}` : ''
  const reference = 'reference' in address && address.reference !== undefined ? `:${address.reference}` : ''
  return `${address.transport}:${address.path}${reference}${place}`
}

function invalid(text: string, problem: string): Fault {
  return new Fault({ code: 'reference-invalid', text, problem })
}
