import type { Brand } from './brand.ts'
import { Fault } from './failure.ts'

export type LayerId = string & Brand<'LayerId'>
export type ImageId = string & Brand<'ImageId'>
export type ContainerId = string & Brand<'ContainerId'>

/** What lies beside the directories that are called after ids (spec/store §1.1): removing an object of such a name would take the records along. */
const taken: Readonly<Record<string, readonly string[]>> = {
  layer: ['tmp', 'layers.json', 'layers.lock', 'volatile-layers.json'],
  image: ['images.json', 'images.lock'],
  container: ['containers.json', 'containers.lock', 'volatile-containers.json'],
}

// Ids become names of files and directories: a record with `../x` for an id would lead outside of the store.
// Go checks nothing here; we accept whatever is one name in a directory, and no more.
function checked(kind: string, text: string): string {
  const bad =
    text === '' ||
    text === '.' ||
    text === '..' ||
    text.includes('/') ||
    text.includes('\0') ||
    Buffer.byteLength(text) > 240 ||
    taken[kind]?.includes(text) === true
  if (bad) throw new Fault({ code: 'id-invalid', kind, text })
  return text
}

/** @throws Fault `id-invalid` when the text could not be one name in a directory */
export function parseLayerId(text: string): LayerId {
  return checked('layer', text) as LayerId
}
/** @throws Fault `id-invalid` */
export function parseImageId(text: string): ImageId {
  return checked('image', text) as ImageId
}
/** @throws Fault `id-invalid` */
export function parseContainerId(text: string): ContainerId {
  return checked('container', text) as ContainerId
}

/** The form that Go generates: 64 lower-case hexadecimal digits, the first twelve not all decimal (spec/store §5.2). */
export function isUsableRandomId(hex: string): boolean {
  return /^[0-9a-f]{64}$/.test(hex) && !/^[0-9]{12}/.test(hex)
}
