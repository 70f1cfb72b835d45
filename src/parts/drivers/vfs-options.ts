import path from 'node:path'
import { invalid, optionsFor, parseBoolean, parseList, parseSyncMode, unknownOption } from './driver-options.ts'

/** What `vfs.*` options say (spec/drivers §3.2). */
export interface VfsOptions {
  readonly additionalImageStores: readonly string[]
  readonly ignoreChownErrors: boolean
  readonly syncMode: 'none' | 'filesystem'
}

/** @throws Fault `driver-option-invalid` */
export function parseVfsOptions(options: readonly string[]): VfsOptions {
  const additionalImageStores: string[] = []
  let ignoreChownErrors = false
  let syncMode: VfsOptions['syncMode'] = 'none'
  for (const option of optionsFor('vfs', options)) {
    switch (option.key) {
      case 'imagestore':
        additionalImageStores.push(...parseList(option.value).map((store) => path.normalize(store)))
        break
      case 'mountopt':
        throw invalid('vfs driver does not support mount options')
      case 'ignore_chown_errors':
        ignoreChownErrors = parseBoolean(option.value)
        break
      // The original offers this option and then refuses it by a slip of its parser: nobody can mean the refusal.
      case 'sync':
        syncMode = parseSyncMode(option.value)
        break
      default:
        throw unknownOption(option)
    }
  }
  return { additionalImageStores, ignoreChownErrors, syncMode }
}
