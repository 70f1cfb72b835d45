import { failed } from './failed.ts'
import { bind } from './libc.ts'

type WithNumber = (fd: number, request: number, argument: number) => number
type WithBytes = (fd: number, request: number, argument: Uint8Array) => number

let callWithNumber: WithNumber | undefined
let callWithBytes: WithBytes | undefined

/** A request whose argument is a number; returns what the device returns. @throws ErrnoError */
export function ioctl(fd: number, request: number, argument: number, name = 'ioctl'): number {
  callWithNumber ??= bind<WithNumber>('ioctl', 'int', 'int', 'int64_t', 'int64_t')
  const result = callWithNumber(fd, request, argument)
  if (result < 0) throw failed(name)
  return result
}

/** A request whose argument is a structure, which the kernel reads or fills in place: make it as large as the request says. @throws ErrnoError */
export function ioctlStructure(fd: number, request: number, structure: Uint8Array, name = 'ioctl'): number {
  callWithBytes ??= bind<WithBytes>('ioctl', 'int', 'int', 'int64_t', 'void *')
  const result = callWithBytes(fd, request, structure)
  if (result < 0) throw failed(name)
  return result
}
