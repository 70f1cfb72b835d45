import { Fault } from '#model'

export type DriverName = 'overlay' | 'vfs'

/** One `key=value` that concerns a driver; `text` is the whole option as the user wrote it. */
export interface DriverOption {
  readonly key: string
  readonly value: string
  readonly text: string
}

const driverOfPrefix: Readonly<Record<string, string>> = {
  overlay: 'overlay',
  overlay2: 'overlay',
  btrfs: 'btrfs',
  zfs: 'zfs',
  vfs: 'vfs',
}

/**
 * The options meant for `driver`, in their order, without the driver's name (spec/drivers §1.5). Those of other drivers
 * are left out; those that name no driver are offered to every one.
 * @throws Fault `driver-option-invalid`
 */
export function optionsFor(driver: DriverName, options: readonly string[]): readonly DriverOption[] {
  return options.flatMap((text) => {
    const { key, value } = splitOption(text)
    const dot = key.indexOf('.')
    if (dot < 0) return [{ key, value, text }]
    const prefix = key.slice(0, dot)
    const named = prefix === '' ? driver : driverOfPrefix[prefix]
    if (named === undefined) {
      throw invalid(`unknown driver ${JSON.stringify(prefix)} in option ${JSON.stringify(text)}`)
    }
    return named === driver ? [{ key: key.slice(dot + 1), value, text }] : []
  })
}

function splitOption(text: string): { readonly key: string; readonly value: string } {
  const equals = text.indexOf('=')
  if (equals < 0) throw invalid(`unable to parse key/value option: ${text}`)
  return { key: text.slice(0, equals).trim().toLowerCase(), value: text.slice(equals + 1).trim() }
}

export function unknownOption(option: DriverOption): Fault {
  return invalid(`unknown option ${JSON.stringify(option.key)} (${JSON.stringify(option.text)})`)
}

export function invalid(problem: string): Fault {
  return new Fault({ code: 'driver-option-invalid', problem })
}

/** A truth value as Go's strconv takes it. */
export function parseBoolean(text: string): boolean {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false
  throw invalid(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`)
}

/** `''`, `none` or `filesystem`. The store syncs what it commits by itself, so that the mode changes nothing here. */
export function parseSyncMode(text: string): 'none' | 'filesystem' {
  const word = text.trim().toLowerCase()
  if (word === '' || word === 'none') return 'none'
  if (word === 'filesystem') return 'filesystem'
  throw invalid(`invalid sync mode: ${JSON.stringify(text)}`)
}

/** A comma list; empty parts count for nothing. */
export function parseList(text: string): readonly string[] {
  return text.split(',').filter((part) => part !== '')
}
