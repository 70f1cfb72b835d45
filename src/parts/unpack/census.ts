import type { TarEntry } from '#formats/tar'

/** What a layer's record says of the entries of its tar (spec/drivers §11.6). */
export class Census {
  readonly #uids = new Set<number>()
  readonly #gids = new Set<number>()
  entries = 0
  headerBytes = 0

  count(entry: TarEntry): void {
    this.entries += 1
    this.headerBytes += entry.size
    if (isWhiteout(entry.path)) return
    // As Go keeps them: 32 bits without a sign.
    this.#uids.add(entry.uid >>> 0)
    this.#gids.add(entry.gid >>> 0)
  }

  get uids(): readonly number[] {
    return sorted(this.#uids)
  }

  get gids(): readonly number[] {
    return sorted(this.#gids)
  }
}

function isWhiteout(path: string): boolean {
  let end = path.length
  while (end > 0 && path.charCodeAt(end - 1) === 0x2f) end -= 1
  return path.startsWith('.wh.', path.lastIndexOf('/', end - 1) + 1)
}

function sorted(numbers: ReadonlySet<number>): readonly number[] {
  return [...numbers].sort((a, b) => a - b)
}
