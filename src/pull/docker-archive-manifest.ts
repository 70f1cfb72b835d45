import { Fault, formatReference, isFault, manifestSizeLimit, parseReference, withDefaultTag } from '#model'
import * as v from 'valibot'
import type { NamedFiles } from './named-files.ts'
import { readStretch } from './read-stretch.ts'

/** One image of a `docker save` archive: names of files in the archive. */
export interface ArchivedImage {
  readonly config: string
  /** In full, with tags. */
  readonly names: readonly string[]
  /** Bottom first. */
  readonly layers: readonly string[]
}

/** What `manifest.json` of the archive lists. @throws Fault `archive-invalid`, `manifest-invalid`, `unsupported` */
export async function readArchivedImages(files: NamedFiles): Promise<readonly ArchivedImage[]> {
  const stretch = await files.find('manifest.json')
  if (stretch === undefined) throw await missingManifest(files)
  const bytes = await readStretch(stretch, { what: 'manifest.json', most: manifestSizeLimit })
  const schema = v.array(
    v.object({ Config: v.string(), RepoTags: v.nullish(v.array(v.string())), Layers: v.nullish(v.array(v.string())) }),
  )
  const parsed = v.safeParse(schema, parseJson(bytes))
  if (!parsed.success) throw invalid(`manifest.json: ${parsed.issues[0].message}`)
  return parsed.output.map((image) => ({
    config: image.Config,
    names: (image.RepoTags ?? []).flatMap((name) => fullName(name)),
    layers: image.Layers ?? [],
  }))
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new Fault({ code: 'manifest-invalid', problem: 'manifest.json is not JSON' }, { cause })
  }
}

function invalid(problem: string): Fault {
  return new Fault({ code: 'manifest-invalid', problem })
}

async function missingManifest(files: NamedFiles): Promise<Fault> {
  if ((await files.find('repositories')) !== undefined) {
    return new Fault({
      code: 'unsupported',
      what: 'an archive of a Docker older than 1.10 (repositories without manifest.json)',
      by: 'this version',
    })
  }
  const problem =
    (await files.find('oci-layout')) === undefined
      ? 'it has no manifest.json: it is not a Docker archive'
      : 'it is an OCI archive: write oci-archive:'
  return new Fault({ code: 'archive-invalid', source: files.description, problem })
}

// Names in an archive are decoration: one that is none does not make the image useless.
function fullName(name: string): readonly string[] {
  try {
    return [formatReference(withDefaultTag(parseReference(name)))]
  } catch (error) {
    if (isFault(error, 'reference-invalid')) return []
    throw error
  }
}
