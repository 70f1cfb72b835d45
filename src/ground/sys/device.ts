/**
 * The number of a device as `mknodat` takes it (makedev(3)): the bits of both parts are interleaved. The kernel has 12 bits
 * of major and 20 of minor; `mknodat` refuses what is beyond with `EINVAL`.
 */
export function makeDevice(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 2 ** 8 + (minor >>> 8) * 2 ** 20 + (major >>> 12) * 2 ** 44
}

export function majorOf(device: number): number {
  return (Math.floor(device / 2 ** 8) & 0xfff) + Math.floor(device / 2 ** 44) * 0x1000
}

export function minorOf(device: number): number {
  return (device & 0xff) + (Math.floor(device / 2 ** 20) % 2 ** 24) * 0x100
}
