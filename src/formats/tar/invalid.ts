import { Fault } from '#model'

/** Go's texts, so that both tools say the same of the same archive. */
export type TarProblem =
  | 'invalid tar header'
  | 'unexpected EOF'
  | 'header field too long'
  | 'sparse map too long'
  | 'sparse file references non-existent data'
  | 'sparse file contains unreferenced data'

/** Thrown by the parts that read one field and do not know where in the archive it stood: the parser adds the offset. */
export class FieldInvalid extends Error {
  readonly problem: TarProblem
  constructor(problem: TarProblem = 'invalid tar header') {
    super(problem)
    this.name = 'FieldInvalid'
    this.problem = problem
  }
}

/** The Fault for an archive that is broken at this byte. */
export function tarInvalid(problem: TarProblem, offset: number, options?: { readonly cause?: unknown }): Fault {
  return new Fault({ code: 'tar-invalid', problem, offset }, options)
}
