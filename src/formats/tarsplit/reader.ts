import { JsonObjects } from './json-objects.ts'
import { parseRecord } from './parse-record.ts'
import type { TarSplitRecord } from './record.ts'
import { RecordedNames } from './recorded-names.ts'

/**
 * Reads the JSON of a tar-split as it is pushed in (already decompressed), cut anywhere, and tells its records in order.
 * Throws Fault `tar-split-invalid` for what is no tar-split, and for a path that comes twice.
 */
export class TarSplitReader {
  readonly #objects: JsonObjects

  constructor(onRecord: (record: TarSplitRecord) => void) {
    const names = new RecordedNames()
    this.#objects = new JsonObjects((json) => {
      const record = parseRecord(json)
      if (record.kind === 'file') names.add(record.path)
      onRecord(record)
    })
  }

  push(lines: Uint8Array): void {
    this.#objects.push(lines)
  }

  /** Throws if the last record is not complete. */
  end(): void {
    this.#objects.end()
  }
}
