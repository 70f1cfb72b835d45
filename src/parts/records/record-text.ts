import type { IdRange } from '#model'
import { compareUtf8, jsonString, jsonValue } from './json-text.ts'

/** Puts a record's fields together in the order of the format; what is empty is left out. */
export class RecordText {
  #text = ''
  readonly #written = new Set<string>()

  always(name: string, text: string): this {
    return this.#put(name, jsonString(text))
  }

  text(name: string, text: string | undefined): this {
    return text === undefined || text === '' ? this : this.#put(name, jsonString(text))
  }

  integer(name: string, value: number | undefined): this {
    return value === undefined || value === 0 ? this : this.#put(name, String(value))
  }

  texts(name: string, list: readonly string[]): this {
    return list.length === 0 ? this : this.#put(name, `[${list.map(jsonString).join(',')}]`)
  }

  integers(name: string, list: readonly number[] | undefined): this {
    return list === undefined || list.length === 0 ? this : this.#put(name, `[${list.join(',')}]`)
  }

  ranges(name: string, list: readonly IdRange[] | undefined): this {
    if (list === undefined || list.length === 0) return this
    const ranges = list.map((r) => `{"container_id":${r.containerId},"host_id":${r.hostId},"size":${r.size}}`)
    return this.#put(name, `[${ranges.join(',')}]`)
  }

  /** Keys sorted by their bytes. */
  map(name: string, map: Readonly<Record<string, string | number>>): this {
    const keys = Object.keys(map)
    if (keys.length === 0) return this
    keys.sort(compareUtf8)
    return this.#put(name, `{${keys.map((key) => `${jsonString(key)}:${jsonValue(map[key], 'sorted')}`).join(',')}}`)
  }

  flags(name: string, flags: Readonly<Record<string, unknown>> | undefined): this {
    return flags === undefined || Object.keys(flags).length === 0 ? this : this.#put(name, jsonValue(flags, 'sorted'))
  }

  /** Ends the record with the fields we only carry along. One that has got a proper value meanwhile is not written twice. */
  end(unknownFields: Readonly<Record<string, unknown>>): string {
    for (const key of Object.keys(unknownFields)) {
      if (!this.#written.has(key.toLowerCase())) this.#put(key, jsonValue(unknownFields[key], 'as-read'))
    }
    return `${this.#text}}`
  }

  #put(name: string, json: string): this {
    this.#text += `${this.#text === '' ? '{' : ','}${jsonString(name)}:${json}`
    this.#written.add(name)
    return this
  }
}
