import * as v from 'valibot'

// Taken along from here, so that a bundle keeps of the library what is used.
export { safeParse } from 'valibot'
import { digestProblem, parseBlobDigest } from './digest.ts'

/** What is read of manifests and configs. Loaded only by who parses one: starting a command does not pay for it. */

const digest = v.pipe(
  v.string(),
  v.check(
    (text) => digestProblem(text) === undefined,
    (issue) => `${digestProblem(issue.input)}: ${JSON.stringify(issue.input)}`,
  ),
  v.transform(parseBlobDigest),
)

const annotations = v.nullish(v.record(v.string(), v.string()))

const platform = v.object({
  os: v.string(),
  architecture: v.string(),
  variant: v.nullish(v.string()),
  'os.version': v.nullish(v.string()),
})

const descriptor = v.object({
  mediaType: v.optional(v.string(), ''),
  digest,
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  annotations,
  platform: v.nullish(platform),
})

export const imageManifestSchema = v.object({ config: descriptor, layers: v.nullish(v.array(descriptor)), annotations })
export const imageIndexSchema = v.object({ manifests: v.nullish(v.array(descriptor)), annotations })
export type ParsedDescriptor = v.InferOutput<typeof descriptor>
export type ParsedImageManifest = v.InferOutput<typeof imageManifestSchema>
export type ParsedImageIndex = v.InferOutput<typeof imageIndexSchema>

/** The first thing that is wrong, with its place: `layers.0.digest: invalid checksum digest length`. */
export function firstProblem(issues: readonly v.BaseIssue<unknown>[]): string {
  const [issue] = issues
  if (issue === undefined) return 'not as it should be'
  const place = v.getDotPath(issue)
  return place === null ? issue.message : `${place}: ${issue.message}`
}
