/** A flag as the original's parser knows it (spec/cli §1). */
export interface Flag {
  /** Without dashes; the first long name is the one values are asked for by. */
  readonly long: readonly [string, ...string[]]
  readonly short?: string
  readonly kind: 'text' | 'boolean' | 'list'
  readonly usage: string
}

export type FlagValue = string | boolean | readonly string[]

/** What was given, by first long name. A flag that was not given has its empty value. */
export class FlagValues {
  readonly #values: ReadonlyMap<string, FlagValue>
  constructor(values: ReadonlyMap<string, FlagValue>) {
    this.#values = values
  }
  text(name: string): string {
    const value = this.#values.get(name)
    return typeof value === 'string' ? value : ''
  }
  on(name: string): boolean {
    return this.#values.get(name) === true
  }
  list(name: string): readonly string[] {
    const value = this.#values.get(name)
    return typeof value === 'object' ? value : []
  }
  given(name: string): boolean {
    return this.#values.has(name)
  }
  entries(): ReadonlyMap<string, FlagValue> {
    return this.#values
  }
}

export type ParsedFlags =
  | { readonly kind: 'parsed'; readonly flags: FlagValues; readonly words: readonly string[] }
  | { readonly kind: 'help' }
  | { readonly kind: 'bad'; readonly problem: string }

const booleans: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false])),
}

/**
 * Parses up to the first word that is no flag, or behind `--`. Two dashes for long names, one for letters; letters may stand
 * together, and the last of them may take a value.
 */
export function parseFlags(
  words: readonly string[],
  known: readonly Flag[],
  before = new FlagValues(new Map()),
): ParsedFlags {
  const values = new Map(before.entries())
  // A list that stands again after the command goes on from what stood before it.
  const rest = [...words]
  while (rest.length > 0) {
    const [word = ''] = rest
    if (word === '--') return { kind: 'parsed', flags: new FlagValues(values), words: rest.slice(1) }
    if (!word.startsWith('-') || word === '-') break
    rest.shift()
    const problem = takeFlag(word, rest, known, values)
    if (problem === 'help') return { kind: 'help' }
    if (problem !== undefined) return { kind: 'bad', problem }
  }
  return { kind: 'parsed', flags: new FlagValues(values), words: rest }
}

function takeFlag(
  word: string,
  rest: string[],
  known: readonly Flag[],
  values: Map<string, FlagValue>,
): string | undefined {
  const dashes = word.startsWith('--') ? 2 : 1
  const body = word.slice(dashes)
  if (body === '' || body.startsWith('-') || body.startsWith('=')) return `bad flag syntax: ${word}`
  const equals = body.indexOf('=')
  const name = equals < 0 ? body : body.slice(0, equals)
  const value = equals < 0 ? undefined : unquoted(body.slice(equals + 1))

  const flag = find(known, dashes, name)
  if (flag !== undefined) return setFlag({ flag, shown: `${'-'.repeat(dashes)}${name}`, value }, rest, values)
  if (name === 'help' || (dashes === 1 && name === 'h')) return 'help'
  if (dashes === 1 && name.length > 1) return takeLetters(name, value, rest, known, values)
  return `flag provided but not defined: ${'-'.repeat(dashes)}${name}`
}

function takeLetters(
  letters: string,
  value: string | undefined,
  rest: string[],
  known: readonly Flag[],
  values: Map<string, FlagValue>,
): string | undefined {
  const flags = Array.from(letters).map((letter) => find(known, 1, letter))
  for (const [index, flag] of flags.entries()) {
    if (flag === undefined) return `flag provided but not defined: -${letters}`
    const isLast = index === flags.length - 1
    if (!isLast && flag.kind !== 'boolean') return `flag needs an argument: -${letters.charAt(index)}`
    const shown = `-${letters.charAt(index)}`
    const problem = setFlag({ flag, shown, value: isLast ? value : undefined }, rest, values)
    if (problem !== undefined) return problem
  }
  return undefined
}

function find(known: readonly Flag[], dashes: number, name: string): Flag | undefined {
  return known.find((flag) => (dashes === 2 ? flag.long.includes(name) : flag.short === name))
}

interface Given {
  readonly flag: Flag
  readonly shown: string
  readonly value: string | undefined
}

function setFlag({ flag, shown, value }: Given, rest: string[], values: Map<string, FlagValue>): string | undefined {
  const [name] = flag.long
  if (flag.kind === 'boolean') {
    const on = value === undefined ? true : booleans[value]
    if (on === undefined) {
      return `invalid boolean value ${JSON.stringify(value)} for  ${shown}: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`
    }
    values.set(name, on)
    return undefined
  }
  const text = value ?? rest.shift()
  if (text === undefined) return `flag needs an argument: ${shown}`
  const before = values.get(name)
  values.set(name, flag.kind === 'list' ? [...(typeof before === 'object' ? before : []), text] : text)
  return undefined
}

/** One pair of equal quotes around a value behind `=` falls off. */
function unquoted(value: string): string {
  const quote = value.charAt(0)
  const isQuoted = value.length > 1 && (quote === '"' || quote === "'") && value.endsWith(quote)
  return isQuoted ? value.slice(1, -1) : value
}
