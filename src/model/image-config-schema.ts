import * as v from 'valibot'

/** What is read of an image's config. Everything may be null: Docker writes it so. */

const text = v.nullish(v.string())
const texts = v.nullish(v.array(v.string()))
const set = v.nullish(v.record(v.string(), v.unknown()))

export const imageConfigSchema = v.object({
  created: text,
  author: text,
  os: text,
  architecture: text,
  variant: text,
  'os.version': text,
  config: v.nullish(
    v.object({
      User: text,
      ExposedPorts: set,
      Env: texts,
      Entrypoint: v.nullish(v.union([v.array(v.string()), v.string()])),
      Cmd: v.nullish(v.union([v.array(v.string()), v.string()])),
      Volumes: set,
      WorkingDir: text,
      Labels: v.nullish(v.record(v.string(), v.string())),
      StopSignal: text,
    }),
  ),
  rootfs: v.nullish(v.object({ type: text, diff_ids: texts })),
  history: v.nullish(
    v.array(
      v.object({ created: text, created_by: text, author: text, comment: text, empty_layer: v.nullish(v.boolean()) }),
    ),
  ),
})
export type ParsedImageConfig = v.InferOutput<typeof imageConfigSchema>
