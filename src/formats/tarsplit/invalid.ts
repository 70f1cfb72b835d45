import { Fault } from '#model'

/** The Fault for a tar-split that cannot be understood. */
export function tarSplitInvalid(problem: string, cause?: unknown): Fault {
  return new Fault({ code: 'tar-split-invalid', problem }, cause === undefined ? {} : { cause })
}
