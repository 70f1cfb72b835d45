import { parseDiffId } from './digest.ts'
import { Fault, isFault } from './failure.ts'
import { imageConfigSizeLimit } from './image-config.ts'
import type { HistoryEntry, ImageConfig, RunConfig } from './image-config.ts'
import type { ParsedImageConfig } from './image-config-schema.ts'
import { parseTimestamp } from './timestamp.ts'
import type { Timestamp } from './timestamp.ts'

/**
 * Understands the config of an OCI or Docker image. Unknown fields are tolerated, and so is a broken time of the history.
 * @throws Fault `manifest-invalid`, `limit-exceeded`
 */
export async function parseImageConfig(bytes: Uint8Array): Promise<ImageConfig> {
  if (bytes.byteLength > imageConfigSizeLimit) {
    throw new Fault({ code: 'limit-exceeded', limit: 'bytes in an image config', most: imageConfigSizeLimit })
  }
  const { imageConfigSchema } = await import('./image-config-schema.ts')
  const { firstProblem, safeParse } = await import('./manifest-schema.ts')
  const parsed = safeParse(imageConfigSchema, parseJson(bytes))
  if (!parsed.success) throw invalid(firstProblem(parsed.issues))
  return imageConfig(parsed.output)
}

function invalid(problem: string, cause?: unknown): Fault {
  return new Fault({ code: 'manifest-invalid', problem: `image config: ${problem}` }, { cause })
}

function parseJson(bytes: Uint8Array): unknown {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw invalid('it is not JSON', cause)
  }
  if (Array.isArray(value)) throw invalid('it is not a JSON object')
  return value
}

function imageConfig(parsed: ParsedImageConfig): ImageConfig {
  const type = parsed.rootfs?.type ?? 'layers'
  if (type !== 'layers') throw invalid(`rootfs.type is ${JSON.stringify(type)}, not "layers"`)
  return {
    ...present('created', timestampOf(parsed.created)),
    ...present('author', parsed.author),
    os: parsed.os ?? '',
    architecture: parsed.architecture ?? '',
    ...present('variant', parsed.variant),
    ...present('osVersion', parsed['os.version']),
    run: runConfig(parsed.config ?? {}),
    diffIds: (parsed.rootfs?.diff_ids ?? []).map((text) => diffIdOf(text)),
    history: (parsed.history ?? []).map((entry) => historyEntry(entry)),
  }
}

function diffIdOf(text: string): ImageConfig['diffIds'][number] {
  try {
    return parseDiffId(text)
  } catch (error) {
    if (isFault(error, 'digest-invalid')) throw invalid(`rootfs.diff_ids: ${error.message}`, error)
    throw error
  }
}

function runConfig(parsed: Partial<NonNullable<ParsedImageConfig['config']>>): RunConfig {
  return {
    ...present('user', parsed.User),
    exposedPorts: Object.keys(parsed.ExposedPorts ?? {}),
    environment: parsed.Env ?? [],
    ...present('entrypoint', words(parsed.Entrypoint)),
    ...present('command', words(parsed.Cmd)),
    volumes: Object.keys(parsed.Volumes ?? {}),
    ...present('workingDirectory', parsed.WorkingDir),
    labels: parsed.Labels ?? {},
    ...present('stopSignal', parsed.StopSignal),
  }
}

function historyEntry(parsed: NonNullable<ParsedImageConfig['history']>[number]): HistoryEntry {
  return {
    ...present('created', timestampOf(parsed.created)),
    ...present('createdBy', parsed.created_by),
    ...present('author', parsed.author),
    ...present('comment', parsed.comment),
    emptyLayer: parsed.empty_layer ?? false,
  }
}

function words(value: string | readonly string[] | null | undefined): readonly string[] | undefined {
  return typeof value === 'string' ? [value] : (value ?? undefined)
}

// A time is decoration: an image with a broken one runs all the same.
function timestampOf(text: string | null | undefined): Timestamp | undefined {
  if (text == null || text === '') return undefined
  try {
    return parseTimestamp(text)
  } catch (error) {
    if (isFault(error, 'timestamp-invalid')) return undefined
    throw error
  }
}

function present<Key extends string, Value>(
  key: Key,
  value: Value | null | undefined,
): { readonly [K in Key]?: Value } {
  if (value == null || value === '') return {}
  return { [key]: value } as { readonly [K in Key]?: Value }
}
