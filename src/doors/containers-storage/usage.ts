import type { Command } from './command.ts'
import type { Flag, FlagValue, FlagValues } from './flags.ts'

const program = 'containers-storage'

export function programUsage(commands: readonly Command[]): string {
  const list = commands.map(({ names, description }) => `  ${names[0].padEnd(30)}${description}`)
  return [`Usage: ${program} command [options [...]]`, '', 'Commands:', '', ...list, '', 'Options:'].join('\n')
}

export function commandUsage(name: string, { usage, description }: Command): string {
  return [`Usage: ${program} ${name} ${usage}`, '', description, '', 'Options:'].join('\n')
}

/** Sorted by name, the values that hold in the first column. */
export function optionList(flags: readonly Flag[], values: FlagValues, home = ''): string {
  const rows = flags
    .map((flag) => ({
      left: spelling(flag) + shownValue(flag, values.entries().get(flag.long[0]), home),
      usage: flag.usage,
    }))
    .toSorted((a, b) => (a.left < b.left ? -1 : 1))
  const width = Math.max(...rows.map(({ left }) => left.length)) + 4
  return ['', ...rows.map(({ left, usage }) => `  ${left.padEnd(width)}${usage}`)].join('\n')
}

function spelling(flag: Flag): string {
  const long = flag.long.map((name) => `--${name}`)
  return [...long, ...(flag.short === undefined ? [] : [`-${flag.short}`])].join(', ')
}

function shownValue(flag: Flag, value: FlagValue | undefined, home: string): string {
  if (flag.kind === 'list') return `=[${typeof value === 'object' ? value.join(' ') : ''}]`
  if (value === undefined || value === '' || value === false) return ''
  const text = String(value)
  return `=${home !== '' && text.startsWith(home) ? `~${text.slice(home.length)}` : text}`
}
