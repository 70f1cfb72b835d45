/** Without the fields that are undefined: in records what is absent is not there. */
export function defined<T extends object>(fields: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  const present = Object.entries(fields).filter((entry) => entry[1] !== undefined)
  return Object.fromEntries(present) as { readonly [K in keyof T]?: Exclude<T[K], undefined> }
}
