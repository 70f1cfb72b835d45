import { type Command, Option } from 'commander'

/** The options that every command takes, before its name or behind it; Podman's names where Podman has them. */
export interface Globals {
  readonly root?: string
  readonly runroot?: string
  readonly storageDriver?: string
  readonly storageOpt: readonly string[]
  readonly durability: 'full' | 'none'
  readonly json: boolean
  readonly quiet: boolean
  readonly debug: boolean
  /** Commander's reading of `--no-progress`. */
  readonly progress: boolean
}

export function addGlobals(command: Command): Command {
  return command
    .optionsGroup('Global options:')
    .option('--root <dir>', 'where layers, images and containers are kept (default: storage.conf)')
    .option('--runroot <dir>', 'where the state of this boot is kept (default: storage.conf)')
    .option('--storage-driver <name>', 'overlay or vfs (default: storage.conf, else what is there already)')
    .addOption(
      new Option('--storage-opt <key=value>', 'an option for the driver; may be given several times')
        .default([], 'those of storage.conf')
        .argParser((value: string, before: readonly string[]) => [...before, value]),
    )
    .addOption(
      new Option(
        '--durability <level>',
        'full: what is reported done survives a power cut; none: leave it to the kernel',
      )
        .choices(['full', 'none'])
        .default('full'),
    )
    .option('--json', 'print JSON for programs', false)
    .option('-q, --quiet', 'print only what was asked for', false)
    .option('--debug', 'print what is done, and the whole story of an error', false)
    .option('--no-progress', 'do not show progress')
}

/** What was said last counts: behind the command's name, else before it, else the default. */
export function globalsOf(command: Command): Globals {
  const chain: Command[] = []
  for (let place: Command | null = command; place !== null; place = place.parent) chain.unshift(place)
  const values: Record<string, unknown> = {}
  for (const place of chain) {
    for (const [name, value] of Object.entries(place.opts())) {
      if (!(name in values) || place.getOptionValueSource(name) !== 'default') values[name] = value
    }
  }
  return values as Record<string, never> & Globals
}
