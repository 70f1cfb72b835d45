import { Fault } from '#model'

export function invalidXz(problem: string): Fault {
  return new Fault({ code: 'compression-invalid', codec: 'xz', problem })
}
