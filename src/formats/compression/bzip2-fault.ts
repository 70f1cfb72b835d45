import { Fault } from '#model'

export function invalidBzip2(problem: string): Fault {
  return new Fault({ code: 'compression-invalid', codec: 'bzip2', problem })
}
