import type { Store } from '#store'
import type { Flag, FlagValues } from './flags.ts'

/** One call of a command: the store is open, the words are counted. */
export interface Call {
  readonly store: Store
  readonly flags: FlagValues
  readonly words: readonly string[]
  readonly signal: AbortSignal
  /** Writes a line. */
  readonly print: (line: string) => void
  /** Writes a line to the error stream. */
  readonly complain: (line: string) => void
}

/** A command of the drop-in (spec/cli §6): its grammar, and what it does. Returns the exit code. */
export interface Command {
  readonly names: readonly [string, ...string[]]
  readonly usage: string
  readonly description: string
  readonly words: { readonly least: number; readonly most: number }
  readonly flags: readonly Flag[]
  readonly run: (call: Call) => Promise<number>
}

export const json: Flag = { long: ['json'], short: 'j', kind: 'boolean', usage: 'Prefer JSON output' }
export const file = (usage: string): Flag => ({ long: ['file'], short: 'f', kind: 'text', usage })
export const names = (usage: string): Flag => ({ long: ['name'], short: 'n', kind: 'list', usage })
