import { Fault } from '#model'

/** A key's value where it may stand, and what it has to be. */
export type Kind = 'string' | 'boolean' | 'number' | 'list' | 'strings'

/** Every key of storage.conf, by table (spec/store §7.2). */
export const knownKeys: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  storage: {
    driver: 'string',
    driver_priority: 'list',
    runroot: 'string',
    graphroot: 'string',
    rootless_storage_path: 'string',
    imagestore: 'string',
    transient_store: 'boolean',
  },
  'storage.options': {
    additionalimagestores: 'list',
    additionallayerstores: 'list',
    size: 'string',
    mount_program: 'string',
    skip_mount_home: 'string',
    ignore_chown_errors: 'string',
    force_mask: 'number',
    mountopt: 'string',
    'root-auto-userns-user': 'string',
    'auto-userns-min-size': 'number',
    'auto-userns-max-size': 'number',
    'disable-volatile': 'boolean',
    imagestore: 'string',
    use_composefs: 'string',
  },
  'storage.options.pull_options': {},
  'storage.options.btrfs': { min_space: 'string', size: 'string' },
  'storage.options.overlay': {
    ignore_chown_errors: 'string',
    mount_program: 'string',
    mountopt: 'string',
    size: 'string',
    inodes: 'string',
    skip_mount_home: 'string',
    force_mask: 'string',
    use_composefs: 'string',
    sync: 'string',
  },
  'storage.options.vfs': { ignore_chown_errors: 'string', sync: 'string' },
  'storage.options.zfs': { fsname: 'string', mountopt: 'string', size: 'string' },
}

/** Keys of older releases, which files of distributions still hold: they mean nothing any more, and nobody needs to be told. */
const formerKeys: ReadonlySet<string> = new Set(
  ['thinpool', 'remap-uids', 'remap-gids', 'remap-user', 'remap-group', 'ostree_repo', 'override_kernel_check'].map(
    (key) => `storage.options.${key}`,
  ),
)

/** `table.key` → value, as the files say it, later files over earlier ones. */
export class StorageTable {
  readonly #values = new Map<string, unknown>()
  readonly #appending = new Set<string>()
  readonly warnings: string[] = []

  /** @throws Fault `configuration-invalid` for a value of the wrong type */
  merge(file: string, document: Readonly<Record<string, unknown>>): void {
    this.#mergeTable(file, 'storage', asTable(document['storage']))
    for (const name of Object.keys(document)) {
      if (name !== 'storage') this.warnings.push(`${file}: unknown table [${name}]`)
    }
  }

  #mergeTable(file: string, table: string, values: Readonly<Record<string, unknown>>): void {
    const known = knownKeys[table] ?? {}
    for (const [key, value] of Object.entries(values)) {
      const inner = `${table}.${key}`
      const kind = known[key]
      if (kind !== undefined) this.#mergeValue(file, inner, kind, value)
      else if (table === 'storage.options.pull_options') this.#values.set(inner, String(value))
      else if (knownKeys[inner] !== undefined) this.#mergeTable(file, inner, asTable(value))
      else if (!formerKeys.has(inner)) this.warnings.push(`${file}: unknown key "${key}" in [${table}]`)
    }
  }

  #mergeValue(file: string, name: string, kind: Kind, value: unknown): void {
    if (kind === 'list') {
      this.#values.set(name, this.#mergedList(file, name, value))
      return
    }
    const plain = typeof value === 'bigint' ? Number(value) : value
    if (typeof plain !== kind) {
      throw new Fault({
        code: 'configuration-invalid',
        file,
        problem: `${name} has to be a ${kind}, and is ${JSON.stringify(plain)}`,
      })
    }
    this.#values.set(name, plain)
  }

  /** A list replaces the one before, unless it holds `{append=true}`; that lasts until `{append=false}`. */
  #mergedList(file: string, name: string, value: unknown): readonly string[] {
    if (!Array.isArray(value))
      throw new Fault({ code: 'configuration-invalid', file, problem: `${name} has to be a list` })
    const items: string[] = []
    for (const item of value as readonly unknown[]) {
      if (typeof item === 'string') items.push(item)
      else if (asTable(item)['append'] === true) this.#appending.add(name)
      else if (asTable(item)['append'] === false) this.#appending.delete(name)
      else
        throw new Fault({
          code: 'configuration-invalid',
          file,
          problem: `${name} holds ${JSON.stringify(item)}, which is no text`,
        })
    }
    const before = this.#appending.has(name) ? this.list(name) : []
    return [...before, ...items]
  }

  text(name: string): string {
    const value = this.#values.get(name)
    return typeof value === 'string' ? value : ''
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name)
    return typeof value === 'number' ? value : undefined
  }

  flag(name: string): boolean {
    return this.#values.get(name) === true
  }

  list(name: string): readonly string[] {
    const value = this.#values.get(name)
    return Array.isArray(value) ? (value as readonly string[]) : []
  }

  texts(table: string): Readonly<Record<string, string>> {
    const inside = [...this.#values].filter(([name]) => name.startsWith(`${table}.`))
    return Object.fromEntries(inside.map(([name, value]) => [name.slice(table.length + 1), String(value)]))
  }
}

function asTable(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
