import { digestProblem, parseManifestDigest } from './digest.ts'
import type { ManifestDigest } from './digest.ts'
import { Fault } from './failure.ts'

/** An image's name, normalised: `docker.io/library/debian:12@sha256:…` (the grammar of Docker's distribution). */
export interface Reference {
  /** `docker.io`, `localhost:5000` */
  readonly domain: string
  /** `library/debian` */
  readonly path: string
  readonly tag?: string
  readonly digest?: ManifestDigest
}

const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const domainPattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?$`)
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const tagPattern = /^\w[\w.-]{0,127}$/

/** What is written before the first `/` when nothing is, and where a single name lives in there. */
export interface ReferenceDefaults {
  readonly domain: string
  readonly path?: string
}

const docker: ReferenceDefaults = { domain: 'docker.io', path: 'library' }

/**
 * A reference as people write it: a first part without dot, colon or upper-case letter that is not `localhost` is no domain but
 * belongs to the path. Without a domain it is one of `docker.io` (or of `defaults`). A missing tag stays missing.
 * @throws Fault `reference-invalid`
 */
export function parseReference(text: string, defaults: ReferenceDefaults = docker): Reference {
  const { name, tag, digest } = pieces(text)
  if (/^[0-9a-f]{64}$/.test(name)) throw invalid(text, 'it cannot be 64 hexadecimal digits: that is an id')
  const { domain, path } = located(name, defaults)
  if (!domainPattern.test(domain)) throw invalid(text, `${JSON.stringify(domain)} is not a host`)
  if (path.toLowerCase() !== path) throw invalid(text, 'repository name must be lowercase')
  if (!path.split('/').every((component) => componentPattern.test(component)))
    throw invalid(text, 'invalid reference format')
  if (path.length > 255) throw invalid(text, 'repository name must not be more than 255 characters')
  return { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) }
}

/** A name for an image of this machine, by Podman's rule: without a domain it is `localhost/…`; without a tag or digest, `:latest`. */
export function parseLocalReference(text: string): Reference {
  const reference = parseReference(text, { domain: 'localhost' })
  return withDefaultTag(reference)
}

/** `:latest` unless there is a tag or a digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference
}

/** In full: what stands in a store's records. */
export function formatReference(reference: Reference): string {
  const { tag, digest } = reference
  return `${repositoryOf(reference)}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** Without tag and digest. */
export function repositoryOf(reference: Reference): string {
  return `${reference.domain}/${reference.path}`
}

/** Whether this could stand after the colon of a reference. */
export function isTag(text: string): boolean {
  return tagPattern.test(text)
}

function invalid(text: string, problem: string): Fault {
  return new Fault({ code: 'reference-invalid', text, problem })
}

function pieces(text: string): { readonly name: string; readonly tag?: string; readonly digest?: ManifestDigest } {
  const [named = '', digest, ...more] = text.split('@')
  if (more.length > 0) throw invalid(text, 'invalid reference format')
  const colon = named.lastIndexOf(':')
  const hasTag = colon > named.lastIndexOf('/')
  const name = hasTag ? named.slice(0, colon) : named
  const tag = hasTag ? named.slice(colon + 1) : undefined
  if (name === '' || (tag !== undefined && !isTag(tag))) throw invalid(text, 'invalid reference format')
  if (digest === undefined) return { name, ...(tag === undefined ? {} : { tag }) }
  const problem = digestProblem(digest)
  if (problem !== undefined) throw invalid(text, problem)
  return { name, ...(tag === undefined ? {} : { tag }), digest: parseManifestDigest(digest) }
}

function located(name: string, defaults: ReferenceDefaults): { readonly domain: string; readonly path: string } {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first
  if (!isDomain) return atHome(defaults.domain, name, defaults)
  const domain = first === 'index.docker.io' ? docker.domain : first
  const path = name.slice(slash + 1)
  return domain === docker.domain ? atHome(domain, path, docker) : { domain, path }
}

function atHome(domain: string, path: string, { path: home }: ReferenceDefaults) {
  return { domain, path: home === undefined || path.includes('/') ? path : `${home}/${path}` }
}
