import type { Brand } from './brand.ts'
import { Fault } from './failure.ts'

/** `algorithm:hex`, checked: sha256, sha384 or sha512 with lower-case hexadecimal digits of the right number (OCI image-spec, "Digests"). */
export type Digest = string & Brand<'Digest'>
/** Digest of a blob as shipped. */
export type BlobDigest = Digest & Brand<'BlobDigest'>
/** Digest of the uncompressed tar of a layer. */
export type DiffId = Digest & Brand<'DiffId'>
/** Digest of a table of contents. */
export type TocDigest = Digest & Brand<'TocDigest'>
/** Digest of a manifest or of an index. */
export type ManifestDigest = Digest & Brand<'ManifestDigest'>

const hexDigits: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 }

/** Why a text is no digest, in the words the Go tools use; undefined if it is one. */
export function digestProblem(text: string): string | undefined {
  const colon = text.indexOf(':')
  if (colon <= 0 || !/^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/.test(text))
    return 'invalid checksum digest format'
  const digits = hexDigits[text.slice(0, colon)]
  if (digits === undefined) return 'unsupported digest algorithm'
  const hex = text.slice(colon + 1)
  if (hex.length !== digits) return 'invalid checksum digest length'
  return /^[0-9a-f]+$/.test(hex) ? undefined : 'invalid checksum digest format'
}

function checked(text: string): string {
  const problem = digestProblem(text)
  if (problem !== undefined) throw new Fault({ code: 'digest-invalid', text, problem })
  return text
}

/** @throws Fault `digest-invalid` */
export function parseDigest(text: string): Digest {
  return checked(text) as Digest
}
/** @throws Fault `digest-invalid` */
export function parseBlobDigest(text: string): BlobDigest {
  return checked(text) as BlobDigest
}
/** @throws Fault `digest-invalid` */
export function parseDiffId(text: string): DiffId {
  return checked(text) as DiffId
}
/** @throws Fault `digest-invalid` */
export function parseTocDigest(text: string): TocDigest {
  return checked(text) as TocDigest
}
/** @throws Fault `digest-invalid` */
export function parseManifestDigest(text: string): ManifestDigest {
  return checked(text) as ManifestDigest
}

/** The hexadecimal part: safe as a file name. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}

/** `sha256`, `sha384` or `sha512`: a name that `crypto.createHash` takes. */
export function algorithmOf(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':'))
}
