import { randomBytes } from 'node:crypto'
import { createHash } from 'node:crypto'
import { type DiffId, hexOf, isUsableRandomId, type LayerId, parseLayerId } from '#model'

/** The id that Podman, Buildah and Skopeo give to an image's layer (spec/chunked §3.5): not the OCI chain id. */
export function layerIdOfDiffId(parent: LayerId | undefined, diffId: DiffId): LayerId {
  if (parent === undefined) return parseLayerId(hexOf(diffId))
  return parseLayerId(
    createHash('sha256')
      .update(`${parent}+${hexOf(diffId)}`)
      .digest('hex'),
  )
}

/** 64 hexadecimal digits as the Go tools generate them (spec/store §5.2). */
export function randomId(): string {
  for (;;) {
    const hex = randomBytes(32).toString('hex')
    if (isUsableRandomId(hex)) return hex
  }
}
