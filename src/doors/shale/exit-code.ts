import { Fault, type Failure } from '#model'

/** So that scripts need not read sentences. 1 is everything else, 2 a wrong command line, 130 an interruption. */
export function exitCode(error: unknown): number {
  return error instanceof Fault ? codeOf(error.failure) : 1
}

function codeOf(failure: Failure): number {
  switch (failure.code) {
    case 'layer-unknown':
    case 'image-unknown':
    case 'container-unknown':
    case 'object-unknown':
    case 'not-a':
    case 'big-data-unknown':
    case 'file-unknown':
    case 'name-ambiguous':
      return 3
    case 'id-in-use':
    case 'name-in-use':
    case 'layer-has-children':
    case 'layer-in-use':
    case 'image-in-use':
    case 'destination-in-use':
    case 'image-layer-differs':
      return 4
    case 'digest-mismatch':
    case 'size-mismatch':
    case 'path-escapes-root':
    case 'tar-invalid':
    case 'compression-invalid':
    case 'tar-split-invalid':
    case 'content-modified':
    case 'manifest-invalid':
    case 'archive-invalid':
    case 'records-invalid':
    case 'layer-content-differs':
    case 'limit-exceeded':
      return 5
    case 'unsupported':
    case 'driver-unsupported':
    case 'digest-not-preserved':
    case 'compression-unsupported':
      return 6
    case 'reference-invalid':
    case 'option-invalid':
    case 'driver-option-invalid':
      return 2
    default:
      return 1
  }
}
