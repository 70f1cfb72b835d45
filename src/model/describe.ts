import { errnoTextOf } from './errno-text.ts'
import type { Failure } from './failure.ts'

const dataItem = { layer: 'layer', image: 'image', container: 'container' } as const

/** Spec/drivers §1.1: with these the choice of a driver goes on to the next. */
const unusableDriver = {
  driver: 'driver not supported',
  prerequisites: 'prerequisites for driver not satisfied (wrong filesystem?)',
  'file-system': 'backing file system is unsupported for this graph driver',
} as const

/** The sentence for a failure: the words of the Go tools where they have some (spec/store §5), so that scripts go on matching. */
export function describe(failure: Failure): string {
  switch (failure.code) {
    case 'digest-invalid':
      return `${failure.text}: ${failure.problem}`
    case 'id-invalid':
      return `${failure.kind} ID ${quoted(failure.text)} is invalid: it has to be one name in a directory, and none of the store’s own`
    case 'timestamp-invalid':
      return `${quoted(failure.text)} is not an RFC 3339 time`
    case 'reference-invalid':
      return `${quoted(failure.text)} is not an image reference: ${failure.problem}`
    case 'option-invalid':
      return `${failure.option}: ${failure.problem}`
    case 'id-map-invalid':
    case 'store-options-missing':
      return failure.problem
    case 'configuration-invalid':
      return `decode configuration ${quoted(failure.file)}: ${failure.problem}`
    case 'layer-unknown':
      return 'layer not known'
    case 'image-unknown':
      return `locating image with ID ${quoted(failure.image)}: image not known`
    case 'container-unknown':
      return 'container not known'
    case 'object-unknown':
      return 'layer not known'
    case 'not-a':
      return failure.kind === 'id'
        ? 'identifier is not a layer, image, or container'
        : `identifier is not ${failure.kind === 'image' ? 'an' : 'a'} ${failure.kind}`
    case 'name-ambiguous':
      return `${failure.name} could be ${failure.candidates.join(' or ')}: say which`
    case 'big-data-unknown':
      return describeBigDataUnknown(failure)
    case 'big-data-name-empty':
      return `can't set empty name for ${dataItem[failure.kind]} big data item: not a valid name for a big data item`
    case 'big-data-size-unknown':
      return 'size is not known'
    case 'big-data-digest-unknown':
      return 'could not compute digest of item'
    case 'file-unknown':
      return `${failure.path}: ${failure.problem ?? 'no such file or directory'}`
    case 'id-in-use':
      return failure.kind === 'image'
        ? `an image with ID ${quoted(failure.id)} already exists: that ID is already in use`
        : 'that ID is already in use'
    case 'name-in-use':
      return describeNameInUse(failure)
    case 'layer-has-children':
      return `used by layer ${failure.child}: layer has children`
    case 'layer-in-use':
      return failure.by === 'mount'
        ? 'a layer is mounted: layer is in use by a container'
        : `layer ${failure.layer} used by ${failure.by} ${failure.user}: layer is in use by ${failure.by === 'image' ? 'an' : 'a'} ${failure.by}`
    case 'image-in-use':
      return `image used by ${failure.container}: image is in use by a container`
    case 'parent-is-container':
      return 'would-be parent layer is a container'
    case 'layer-not-mounted':
      return 'layer is not mounted'
    case 'image-layer-differs':
      return `image with ID ${quoted(failure.image)} already exists, but uses a different top layer`
    case 'layer-content-differs':
      return `layer ${failure.layer} already exists with content ${failure.present} instead of ${failure.wanted}`
    case 'parent-maps-changed':
      return `error during staged layer apply, parent layer ${quoted(failure.parent)} changed id mappings while the content was extracted, must retry layer creation`
    case 'store-read-only':
      return `not allowed to ${failure.action} at ${quoted(failure.path)}: called a write method on a read-only store`
    case 'digest-mismatch':
      return `${failure.what === undefined ? '' : `${failure.what}: `}digest is ${failure.actual}, expected ${failure.expected}`
    case 'size-mismatch':
      return `${failure.what}: read ${failure.actual} bytes instead of ${failure.expected} bytes`
    case 'path-escapes-root':
      return `${quoted(failure.path)} is outside of ${quoted(failure.root)}`
    case 'tar-invalid':
      return `archive/tar: ${failure.problem}${failure.offset === undefined ? '' : ` (at byte ${failure.offset})`}`
    case 'compression-invalid':
      return `${failure.codec}: ${failure.problem}`
    case 'tar-split-invalid':
      return `tar-split: ${failure.problem}`
    case 'image-digest-invalid':
      return describeImageDigestInvalid(failure)
    case 'maps-overlap':
      return failure.ranges.length === 1
        ? `the specified UID and/or GID mapping ${failure.ranges[0]} conflicts with other mappings: invalid mappings specified`
        : `the specified UID and/or GID mappings ${failure.ranges.join(', ')} conflict with other mappings: invalid mappings specified`
    case 'labels-incomplete':
      return 'ProcessLabel and Mountlabel must either not be specified or both specified'
    case 'content-modified':
      return `file integrity checksum failed for ${quoted(failure.path)}`
    case 'manifest-invalid':
      return `manifest: ${failure.problem}`
    case 'archive-invalid':
      return `${failure.source}: ${failure.problem}`
    case 'records-invalid':
      return `loading ${quoted(failure.path)}: ${failure.problem}`
    case 'limit-exceeded':
      return `more than ${failure.most} ${failure.limit}${failure.option === undefined ? '' : ` (raise ${failure.option} to allow it)`}`
    case 'id-unmapped':
      return `${failure.side} ID ${failure.id} cannot be mapped to a ${failure.side === 'host' ? 'container' : 'host'} ID`
    case 'ids-unavailable':
      return `potentially insufficient UIDs or GIDs available in user namespace (requested ${failure.uid}:${failure.gid} for ${failure.path}): Check /etc/subuid and /etc/subgid if configured locally and run "podman system migrate"`
    case 'driver-unsupported':
      return `${failure.problem}: ${unusableDriver[failure.reason ?? 'driver']}`
    case 'driver-option-invalid':
      return failure.problem
    case 'driver-none':
      return 'no supported storage backend found'
    case 'mount-failed':
      return `creating overlay mount to ${failure.target}, mount_data=${quoted(failure.data)}: ${failure.problem}`
    case 'mount-too-deep':
      return 'max depth exceeded'
    case 'driver-ambiguous':
      return `${failure.root} contains several valid graphdrivers: ${failure.drivers.join(', ')}; Please cleanup or explicitly choose storage driver (-s <DRIVER>)`
    case 'compression-unsupported':
      return `unsupported compression format tar.${failure.compression === 'bzip2' ? 'bz2' : failure.compression}`
    case 'shifting-unsupported':
      return `cannot mount layer ${failure.layer}: shifting not enabled`
    case 'mount-read-write':
      return ' "rw" option not supported'
    case 'unsupported':
      return `${failure.what} is not supported by ${failure.by}`
    case 'platform-unavailable':
      return `no image for ${failure.wanted}: there is ${failure.available.length === 0 ? 'none' : failure.available.join(', ')}`
    case 'source-image-unknown':
      return describeSourceImageUnknown(failure)
    case 'destination-in-use':
      return `${failure.path}: ${failure.problem}`
    case 'digest-not-preserved':
      return `the digests of image ${quoted(failure.image)} cannot be preserved: ${failure.problem}`
    case 'lock-timeout':
      return `${failure.path} is locked by ${failure.holder}`
    case 'thread-ended':
      return `the ${failure.thread} thread ended: ${failure.problem}`
    case 'system':
      return `${failure.call} ${failure.path}: ${errnoTextOf(failure.errno)}`
  }
}

function describeBigDataUnknown(failure: Extract<Failure, { code: 'big-data-unknown' }>): string {
  const remedy = failure.kind === 'image' ? ' (consider removing the image to resolve the issue)' : ''
  return `locating item named ${quoted(failure.key)} for ${failure.kind} with ID ${quoted(failure.id)}${remedy}: file does not exist`
}

function describeImageDigestInvalid(failure: Extract<Failure, { code: 'image-digest-invalid' }>): string {
  const item = failure.item === undefined ? '' : ` for big data item ${quoted(failure.item)}`
  const what = failure.item === undefined ? 'validating image digest' : 'validating digest'
  const where = failure.of === 'new-image' ? 'validating digests for new image: ' : ''
  return `${where}${what} ${quoted(failure.digest)}${item}: ${failure.problem}`
}

function describeNameInUse(failure: Extract<Failure, { code: 'name-in-use' }>): string {
  const sentinel = 'that name is already in use'
  switch (failure.kind) {
    case 'layer':
      return sentinel
    case 'image':
      return `image name ${quoted(failure.name)} is already associated with image ${quoted(failure.owner)}: ${sentinel}`
    case 'container':
      return `the container name ${quoted(failure.name)} is already in use by ${failure.owner}. You have to remove that container to be able to reuse that name: ${sentinel}`
  }
}

function describeSourceImageUnknown(failure: Extract<Failure, { code: 'source-image-unknown' }>): string {
  const { source, wanted, available } = failure
  if (available.length === 0) return `${source}: there is no image in it`
  const asked =
    wanted === undefined ? 'there are several images, say which one' : `no image is called ${quoted(wanted)}`
  return `${source}: ${asked}; there are ${available.join(', ')}`
}

/** Go's %q, near enough for messages: JSON escapes what Go escapes. */
/** What somebody else wrote may be as long as it likes; a message is for reading. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text)
}
