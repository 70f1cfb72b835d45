import type { Compression } from './layer.ts'

/** The media types of images (OCI image-spec "Media Types"; Docker image manifest V2, schema 2). */
export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerSchema1: 'application/vnd.docker.distribution.manifest.v1+json',
  dockerSchema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
} as const

const ociLayer = 'application/vnd.oci.image.layer.v1.tar'
const ociForeignLayer = 'application/vnd.oci.image.layer.nondistributable.v1.tar'
const dockerLayer = 'application/vnd.docker.image.rootfs.diff.tar'
const dockerForeignLayer = 'application/vnd.docker.image.rootfs.foreign.diff.tar'

/** Whether a blob of this type is a tar with a changeset, compressed or not. What it is compressed with is read off the blob. */
export function isLayerMediaType(mediaType: string): boolean {
  const bases = [ociLayer, ociForeignLayer, dockerLayer, dockerForeignLayer]
  return bases.some((base) => mediaType === base || /^[+.](?:gzip|zstd)$/.test(tail(mediaType, base)))
}

function tail(mediaType: string, base: string): string {
  return mediaType.startsWith(base) ? mediaType.slice(base.length) : ''
}

/** The type of a layer's blob; undefined when this kind of manifest has no name for the compression. */
export function layerMediaType(format: 'oci' | 'docker', compression: Compression): string | undefined {
  if (format === 'oci') {
    return {
      uncompressed: ociLayer,
      gzip: `${ociLayer}+gzip`,
      zstd: `${ociLayer}+zstd`,
      bzip2: undefined,
      xz: undefined,
    }[compression]
  }
  if (compression === 'gzip') return `${dockerLayer}.gzip`
  return compression === 'uncompressed' ? dockerLayer : undefined
}
