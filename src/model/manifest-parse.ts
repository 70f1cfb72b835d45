import { Fault } from './failure.ts'
import type { Descriptor } from './descriptor.ts'
import { mediaTypes } from './descriptor-media-types.ts'
import { manifestSizeLimit } from './manifest.ts'
import type { ImageIndex, ImageManifest, Manifest } from './manifest.ts'
import type { ParsedDescriptor, ParsedImageIndex, ParsedImageManifest } from './manifest-schema.ts'

/** Where the bytes come from may already have said what they are: a registry's header, a descriptor. */
export interface ManifestClaims {
  readonly mediaType?: string | undefined
}

/**
 * Understands a manifest of any kind: OCI image manifest and index, Docker schema 2 and list. Unknown fields are tolerated.
 * One that can be read in two ways is refused: both `layers` and `manifests`, a media type that contradicts the content or the
 * claims, a field in another case (Go would take it), a digest that is none (CVE-2021-41190, CVE-2024-3727).
 * @throws Fault `manifest-invalid`, `unsupported` (Docker schema 1), `limit-exceeded`
 */
export async function parseManifest(bytes: Uint8Array, claims: ManifestClaims = {}): Promise<Manifest> {
  if (bytes.byteLength > manifestSizeLimit) {
    throw new Fault({ code: 'limit-exceeded', limit: 'bytes in a manifest', most: manifestSizeLimit })
  }
  const json = parseJsonObject(bytes)
  refuseOtherCases(json)
  refuseSchema1(json, claims)
  refuseAmbiguity(json)
  const { imageIndexSchema, imageManifestSchema, firstProblem, safeParse } = await import('./manifest-schema.ts')
  if ('manifests' in json) {
    const parsed = safeParse(imageIndexSchema, json)
    if (!parsed.success) throw invalid(firstProblem(parsed.issues))
    return imageIndex(parsed.output, kindOf('index', json, claims))
  }
  const parsed = safeParse(imageManifestSchema, json)
  if (!parsed.success) throw invalid(firstProblem(parsed.issues))
  return imageManifest(parsed.output, kindOf('image', json, claims, parsed.output.config.mediaType))
}

function invalid(problem: string): Fault {
  return new Fault({ code: 'manifest-invalid', problem })
}

function parseJsonObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new Fault({ code: 'manifest-invalid', problem: 'it is not JSON' }, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('it is not a JSON object')
  return value as Readonly<Record<string, unknown>>
}

const decisive = ['schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'fsLayers', 'history', 'signatures']

// Go reads `Layers` as `layers`: two programs would see two images.
function refuseOtherCases(json: Readonly<Record<string, unknown>>): void {
  for (const key of Object.keys(json)) {
    const meant = decisive.find((name) => name.toLowerCase() === key.toLowerCase())
    if (meant !== undefined && meant !== key)
      throw invalid(`the field ${JSON.stringify(key)} could be taken for ${meant}`)
  }
}

function refuseSchema1(json: Readonly<Record<string, unknown>>, claims: ManifestClaims): void {
  const schema1 = new Set<string>([mediaTypes.dockerSchema1, mediaTypes.dockerSchema1Signed])
  const named = [json['mediaType'], claims.mediaType].some((type) => typeof type === 'string' && schema1.has(type))
  if (json['schemaVersion'] === 1 || named) {
    const by =
      'this version: Docker schema 1 manifests are obsolete, convert the image with `skopeo copy --format v2s2`'
    throw new Fault({ code: 'unsupported', what: 'a Docker schema 1 manifest', by })
  }
  if (json['schemaVersion'] !== 2)
    throw invalid(`schemaVersion is ${JSON.stringify(json['schemaVersion']) ?? 'missing'}, not 2`)
}

function refuseAmbiguity(json: Readonly<Record<string, unknown>>): void {
  const foreign = 'manifests' in json ? ['config', 'layers', 'fsLayers', 'history'] : ['fsLayers', 'history']
  const found = foreign.find((name) => name in json)
  if (found === undefined) return
  const kind = 'manifests' in json ? 'both an index (manifests) and an image' : 'both schema 2 and schema 1'
  throw invalid(`it could be ${kind} (${found})`)
}

interface Kind {
  readonly format: 'oci' | 'docker'
  readonly mediaType: string
}

const kinds: Readonly<Record<string, Kind & { readonly of: 'image' | 'index' }>> = Object.fromEntries(
  (
    [
      ['image', 'oci', mediaTypes.ociManifest],
      ['index', 'oci', mediaTypes.ociIndex],
      ['image', 'docker', mediaTypes.dockerManifest],
      ['index', 'docker', mediaTypes.dockerList],
    ] as const
  ).map(([of, format, mediaType]) => [mediaType, { of, format, mediaType }]),
)

/** What says of itself, what was claimed of it and what it contains have to agree. OCI may leave its type out, Docker may not. */
function kindOf(
  of: 'image' | 'index',
  json: Readonly<Record<string, unknown>>,
  claims: ManifestClaims,
  configType?: string,
): Kind {
  const { mediaType: own } = json
  if (own !== undefined && typeof own !== 'string') throw invalid('mediaType is not a string')
  // Some registries call everything JSON: that is no claim.
  const claimed = claims.mediaType !== undefined && claims.mediaType in kinds ? claims.mediaType : undefined
  if (own !== undefined && own !== '' && claimed !== undefined && own !== claimed) {
    throw invalid(`it calls itself ${own}, but was announced as ${claimed}`)
  }
  const type = own === undefined || own === '' ? (claimed ?? guess(of, configType)) : own
  const kind = kinds[type]
  if (kind === undefined) throw invalid(`its media type ${JSON.stringify(type)} is not that of an image or an index`)
  if (kind.of !== of) throw invalid(`its media type is ${type}, but it contains an ${of}`)
  return { format: kind.format, mediaType: kind.mediaType }
}

function guess(of: 'image' | 'index', configType: string | undefined): string {
  if (of === 'index') return mediaTypes.ociIndex
  return configType === mediaTypes.dockerConfig ? mediaTypes.dockerManifest : mediaTypes.ociManifest
}

function imageManifest(parsed: ParsedImageManifest, kind: Kind): ImageManifest {
  const layers = (parsed.layers ?? []).map((layer) => descriptor(layer))
  return { kind: 'image', ...kind, config: descriptor(parsed.config), layers, ...annotationsOf(parsed) }
}

function imageIndex(parsed: ParsedImageIndex, kind: Kind): ImageIndex {
  const manifests = (parsed.manifests ?? []).map((manifest) => descriptor(manifest))
  return { kind: 'index', ...kind, manifests, ...annotationsOf(parsed) }
}

function annotationsOf(parsed: { readonly annotations?: Readonly<Record<string, string>> | null | undefined }) {
  return parsed.annotations == null ? {} : { annotations: parsed.annotations }
}

function descriptor(parsed: ParsedDescriptor): Descriptor {
  const { mediaType, digest, size, platform } = parsed
  if (platform == null) return { mediaType, digest, size, ...annotationsOf(parsed) }
  const { os, architecture, variant, 'os.version': osVersion } = platform
  const more = { ...(variant ? { variant } : {}), ...(osVersion ? { osVersion } : {}) }
  return { mediaType, digest, size, ...annotationsOf(parsed), platform: { os, architecture, ...more } }
}
