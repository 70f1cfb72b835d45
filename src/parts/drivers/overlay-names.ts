/** What lies beside the layers in the driver's home (spec/drivers §4.1). */
const reserved: ReadonlySet<string> = new Set(['l', 'staging', 'tempdirs', 'backingFsBlockDev', '.has-mount-program'])

/** Whether a name in the driver's home can be that of a layer. */
export function isLayerDirectoryName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !reserved.has(name) && isShort(name)
}

/** Longer names are no layer ids: somebody else's directories. */
function isShort(name: string): boolean {
  return Buffer.byteLength(name) <= 240
}
