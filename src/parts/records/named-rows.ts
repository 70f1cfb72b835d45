/** What all three kinds of records have in common. */
interface Named {
  readonly id: string
  readonly names: readonly string[]
}

/** Which of a table's two files a record lives in. */
export type Location = 'stable' | 'volatile'

/**
 * Rows in the order of their files, found by id, by name, or by the unique prefix of an id (spec/store §5.2). A name belongs to
 * one row: who is put later takes it away.
 */
export class NamedRows<Row extends Named> {
  readonly #rows = new Map<string, Row>()
  readonly #owners = new Map<string, string>()
  readonly #volatile = new Set<string>()
  readonly #withoutName: (row: Row, name: string) => Row

  constructor(withoutName: (row: Row, name: string) => Row) {
    this.#withoutName = withoutName
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id)
  }

  list(): readonly Row[] {
    return [...this.#rows.values()]
  }

  ownerOf(name: string): Row | undefined {
    const owner = this.#owners.get(name)
    return owner === undefined ? undefined : this.#rows.get(owner)
  }

  find(nameOrId: string): Row | undefined {
    return this.#rows.get(nameOrId) ?? this.ownerOf(nameOrId)
  }

  /** Ids with a space are found exactly or not at all. */
  findByPrefix(prefix: string): Row | undefined {
    if (prefix === '') return undefined
    let found: Row | undefined
    for (const [id, row] of this.#rows) {
      if (!id.startsWith(prefix) || id.includes(' ')) continue
      if (found !== undefined) return undefined
      found = row
    }
    return found
  }

  locationOf(id: string): Location {
    return this.#volatile.has(id) ? 'volatile' : 'stable'
  }

  /** A row of a known id keeps its place. Returns the rows that lost a name by it. */
  put(row: Row, location: Location = this.locationOf(row.id)): readonly Row[] {
    const before = this.#rows.get(row.id)
    for (const name of before?.names ?? []) this.#owners.delete(name)
    this.#rows.set(row.id, row)
    if (location === 'volatile') this.#volatile.add(row.id)
    return row.names.flatMap((name) => this.#claim(name, row.id))
  }

  drop(id: string): void {
    const row = this.#rows.get(id)
    for (const name of row?.names ?? []) this.#owners.delete(name)
    this.#rows.delete(id)
    this.#volatile.delete(id)
  }

  #claim(name: string, id: string): readonly Row[] {
    const loser = this.ownerOf(name)
    this.#owners.set(name, id)
    if (loser === undefined || loser.id === id) return []
    const poorer = this.#withoutName(loser, name)
    this.#rows.set(poorer.id, poorer)
    return [poorer]
  }
}

export function withoutName(names: readonly string[], name: string): readonly string[] {
  return names.filter((other) => other !== name)
}

/** First occurrences, in order. */
export function distinct<T>(list: readonly T[]): readonly T[] {
  return list.length < 2 ? list : [...new Set(list)]
}
