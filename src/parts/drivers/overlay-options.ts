import { statSync } from 'node:fs'
import path from 'node:path'
import {
  invalid,
  optionsFor,
  parseBoolean,
  parseList,
  parseSyncMode,
  unknownOption,
  type DriverOption,
} from './driver-options.ts'

/** What `overlay.*` options say (spec/drivers §4.2). */
export interface OverlayOptions {
  /** As it was written: the names of cached probes contain it. */
  readonly mountOptions: string
  readonly size: number
  readonly inodes: number
  readonly additionalImageStores: readonly string[]
  readonly additionalLayerStores: readonly string[]
  readonly useComposefs: boolean
  readonly mountProgram: string
  readonly skipMountHome: boolean
  readonly ignoreChownErrors: boolean
  readonly forceMask?: number
  readonly syncMode: 'none' | 'filesystem'
}

type Reader = (value: string, before: OverlayOptions) => Partial<OverlayOptions>

const defaults: OverlayOptions = {
  mountOptions: '',
  size: 0,
  inodes: 0,
  additionalImageStores: [],
  additionalLayerStores: [],
  useComposefs: false,
  mountProgram: '',
  skipMountHome: false,
  ignoreChownErrors: false,
  syncMode: 'none',
}

const imageStores: Reader = (value, before) => ({
  additionalImageStores: [...before.additionalImageStores, ...parseList(value).map(checkedImageStore)],
})

const readers: Readonly<Record<string, Reader>> = {
  override_kernel_check: () => ({}),
  mountopt: (value) => ({ mountOptions: value }),
  size: (value) => ({ size: parseSize(value) }),
  inodes: (value) => ({ inodes: parseCount(value) }),
  imagestore: imageStores,
  additionalimagestore: imageStores,
  additionallayerstore: (value, before) => ({
    additionalLayerStores: [...before.additionalLayerStores, ...parseList(value).map(checkedLayerStore)],
  }),
  use_composefs: (value) => ({ useComposefs: parseBoolean(value) }),
  mount_program: (value) => ({ mountProgram: checkedProgram(value) }),
  skip_mount_home: (value) => ({ skipMountHome: parseBoolean(value) }),
  ignore_chown_errors: (value) => ({ ignoreChownErrors: parseBoolean(value) }),
  force_mask: (value) => ({ forceMask: parseMask(value) }),
  sync: (value) => ({ syncMode: parseSyncMode(value) }),
}

/** @throws Fault `driver-option-invalid` */
export function parseOverlayOptions(options: readonly string[]): OverlayOptions {
  let parsed = defaults
  for (const option of optionsFor('overlay', options)) parsed = Object.assign({}, parsed, read(option, parsed))
  return parsed
}

function read(option: DriverOption, before: OverlayOptions): Partial<OverlayOptions> {
  const reader = Object.hasOwn(readers, option.key) ? readers[option.key] : undefined
  if (reader === undefined) throw unknownOption(option)
  return reader(option.value, before)
}

function checkedImageStore(text: string): string {
  const directory = path.normalize(text)
  if (!path.isAbsolute(directory)) {
    throw invalid(`overlay: image path ${JSON.stringify(directory)} is not absolute.  Can not be relative`)
  }
  const problem = whyNotDirectory(directory)
  if (problem !== undefined) throw invalid(`overlay: can't stat imageStore dir ${directory}: ${problem}`)
  return directory
}

function checkedLayerStore(text: string): string {
  const [directory = '', ...words] = text.split(':')
  for (const [index, word] of words.entries()) {
    if (word !== 'ref' || index > 0) {
      throw invalid(
        `overlay: additionallayerstore config ${JSON.stringify(text)} contains unknown option ${JSON.stringify(word)}`,
      )
    }
  }
  return [checkedImageStore(directory), ...words].join(':')
}

function checkedProgram(text: string): string {
  if (text === '' || statSync(text, { throwIfNoEntry: false }) !== undefined) return text
  throw invalid(`overlay: can't stat program ${JSON.stringify(text)}: stat ${text}: no such file or directory`)
}

function whyNotDirectory(directory: string): string | undefined {
  const found = statSync(directory, { throwIfNoEntry: false })
  if (found === undefined) return `stat ${directory}: no such file or directory`
  return found.isDirectory() ? undefined : `${directory} is not a directory`
}

/** `10G`, `20m`, `5 KiB`: powers of 1024. */
function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp])?i?b?$/i.exec(text)
  const bytes = Number(match?.[1]) * 1024 ** ' kmgtp'.indexOf(match?.[2]?.toLowerCase() ?? ' ')
  if (match === null || !Number.isSafeInteger(Math.floor(bytes))) throw invalid(`invalid size: '${text}'`)
  return Math.floor(bytes)
}

function parseCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(count)) {
    throw invalid(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return count
}

function parseMask(text: string): number {
  if (text === 'shared') return 0o755
  if (text === 'private') return 0o700
  if (!/^[0-7]{1,7}$/.test(text)) {
    throw invalid(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return Number.parseInt(text, 8)
}
