import { readFileSync } from 'node:fs'
import { CAP_SYS_ADMIN, effectiveUserId, hasCapability } from '#ground/sys'

let known: boolean | undefined

/** Whether this process lacks the powers of the machine's root, by the signs the Go programs go by (spec/drivers §14.10). */
export function isRootless(): boolean {
  known ??=
    Number(process.env['_CONTAINERS_ROOTLESS_UID'] ?? effectiveUserId()) !== 0 ||
    (process.env['_CONTAINERS_USERNS_CONFIGURED'] ?? '') !== '' ||
    !hasCapability(CAP_SYS_ADMIN) ||
    !readFileSync('/proc/self/uid_map', 'utf8').includes('4294967295')
  return known
}
