import type { Call } from './command.ts'

/** How the creating commands answer: the id and, behind tabs, the names; or the record. */
export function printCreated(
  { flags, print }: Call,
  record: { readonly id: string; readonly names: readonly string[] },
  json: string,
): void {
  if (flags.on('json')) print(json)
  else print([record.id, ...record.names.map((name) => `\t${name}`)].join('\n'))
}
