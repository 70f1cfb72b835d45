import { Fault } from '#model'

/** What to do about it, if there is something: a second line below the error. */
export function remedyFor(error: unknown): string | undefined {
  if (!(error instanceof Fault)) return remedyForSystem(error)
  const { failure } = error
  switch (failure.code) {
    case 'image-unknown':
      return 'See what there is with: shale images'
    case 'layer-unknown':
    case 'object-unknown':
      return 'See what there is with: shale images, shale layers, shale containers'
    case 'container-unknown':
      return 'See what there is with: shale containers'
    case 'image-in-use':
      return `Remove the container first: shale rm ${failure.container}`
    case 'layer-in-use':
      return failure.by === 'mount' ? 'Give the mounts back first: shale unmount --all' : undefined
    case 'name-in-use':
      return `Choose another name, or free this one: shale ${failure.kind === 'container' ? 'rm' : 'untag'} ${failure.name}`
    case 'digest-mismatch':
    case 'size-mismatch':
      return 'The source is damaged or was changed while it was read: nothing has been stored. Fetch it again.'
    case 'digest-not-preserved':
      return 'Pull the image with --keep-blobs, or save it without --preserve-digests: the image id and its layers stay the same.'
    case 'destination-in-use':
      return 'Choose another place, or remove what is there.'
    case 'driver-ambiguous':
      return 'Choose one with --storage-driver'
    case 'driver-unsupported':
      return 'Choose another with --storage-driver vfs, which works everywhere'
    case 'records-invalid':
      return 'The file was not written by a container tool, or is damaged; nothing has been changed.'
    default:
      return remedyForSystem(error.cause)
  }
}

function remedyForSystem(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return process.geteuid?.() === 0 ? undefined : 'Try again as root'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'Nothing has been stored. Free some space (shale df shows what takes it) and try again.'
    case 'EMFILE':
      return 'Raise the limit of open files: ulimit -n 65536'
    default:
      return undefined
  }
}
