import { tarSplitInvalid } from './invalid.ts'

/** The names of a tar-split so far: one that comes twice could not be played back, and is refused. */
export class RecordedNames {
  readonly #seen = new Set<string>()

  /** Throws Fault `tar-split-invalid` if a path has been here, however it was spelled. */
  add(path: string): void {
    const name = lexicallyClean(path)
    const before = this.#seen.size
    this.#seen.add(name)
    if (this.#seen.size === before) throw tarSplitInvalid('duplicates of file paths not supported')
  }
}

const uncleanPart = /(?:^|\/)\.{0,2}(?:\/|$)/

/** As Go cleans paths: `a`, `./a` and `a/` are one name; `/a` and `../a` are others. */
function lexicallyClean(path: string): string {
  const plain = path.startsWith('./') ? path.slice(2) : path
  const name = plain.endsWith('/') ? plain.slice(0, -1) : plain
  // Nearly every path is clean, and plain searches are cheaper than the pattern.
  const isClean = name !== '' && !name.startsWith('/') && !name.includes('//') && !mayHaveDots(name)
  return isClean || !(path.startsWith('/') || uncleanPart.test(name)) ? name : cleanedByParts(path)
}

function mayHaveDots(name: string): boolean {
  return name.startsWith('.') || name.includes('/.')
}

function cleanedByParts(path: string): string {
  const rooted = path.startsWith('/')
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (!rooted) parts.push('..')
  }
  return rooted ? `/${parts.join('/')}` : parts.join('/')
}
