/**
 * What of a directory's content comes from the changeset that is being applied: all of it, or the names listed. Lower content
 * is the rest, which an opaque mark hides.
 */
export type OwnContent = 'all' | Set<string>

/**
 * Keeps for each directory, by inode number so that no path through symlinks matters, what this changeset put there.
 * A directory that it made, or that an opaque mark has cleared, can never again hold anything else: that is what keeps the
 * cost of opaque marks linear, however many there are of them (GHSA-rp3h-jf77-q9p4).
 */
export class OwnContents {
  readonly #contents = new Map<bigint, OwnContent>()

  of(inode: bigint): OwnContent {
    const known = this.#contents.get(inode)
    if (known !== undefined) return known
    const names = new Set<string>()
    this.#contents.set(inode, names)
    return names
  }

  /** From now on everything in there is the changeset's own. */
  claim(inode: bigint): void {
    this.#contents.set(inode, 'all')
  }
}
