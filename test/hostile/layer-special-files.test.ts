// Devices, setuid programs, capabilities, attributes of the kernel's namespaces: kept as the original keeps them, so that both programs'
// stores are the same, or refused by rule. None of them opens a way out.
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makePlace, must } from '../place.ts'
import { treeListing } from '../tree-listing.ts'
import { end, extended, rawEntry } from './raw-tar.ts'
import { drivers, usedVictim, Victim } from './victim.ts'

const layer = (...entries: readonly Uint8Array[]): Buffer => Buffer.concat([...entries, end])
const file = (name: string, at: Readonly<Record<number, string>> = {}): Buffer => rawEntry({ name, at }, 'x')
const directory = (name: string): Buffer => rawEntry({ name, flag: '5', at: { 100: '0000755\0' } })
const device = (name: string, flag: '3' | '4', major: string, minor: string): Buffer =>
  rawEntry({ name, flag, at: { 329: `${major}\0`, 337: `${minor}\0` } })
const withXattrs = (xattrs: Readonly<Record<string, string>>, ...entries: readonly Buffer[]): Buffer =>
  Buffer.concat([
    extended(Object.fromEntries(Object.entries(xattrs).map(([name, value]) => [`SCHILY.xattr.${name}`, value]))),
    ...entries,
  ])
const first = layer(file('first'))

const kept = layer(
  device('null', '3', '0000001', '0000003'),
  device('loop', '4', '0000007', '0000000'),
  rawEntry({ name: 'fifo', flag: '6', at: { 100: '0000666\0' } }),
  file('set-ids', { 100: '0006755\0' }),
  file('mode-of-ones', { 100: '7777777\0' }),
  rawEntry({ name: 'sticky/', flag: '5', at: { 100: '0003777\0' } }),
  file('owned', { 108: '\x80\0\0\0\x7f\xff\xff\xff', 116: '7777777\0' }),
  file('early', { 136: '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0' }),
  file('late', { 136: '\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff' }),
  withXattrs({ 'security.capability': `\x01\0\0\x02\0\x20${'\0'.repeat(14)}` }, file('capable')),
  withXattrs({ 'security.selinux': 'system_u:object_r:shadow_t:s0' }, file('labelled')),
  withXattrs({ 'security.ima': '\x01abc', 'security.evm': '\x01abc' }, file('measured')),
  withXattrs({ 'trusted.anything': '1', 'user.anything': '2' }, file('trusted')),
  withXattrs({ 'bogus.namespace': '1' }, file('bogus')),
  withXattrs({ 'trusted.overlay.opaque': 'y' }, directory('opaque/')),
)

for (const driver of drivers) {
  test(`kept as the original keeps them, to the last attribute (${driver})`, () => {
    const trees = (['go', 'dropIn'] as const).map((program) => {
      using place = makePlace(driver)
      writeFileSync(join(place.directory, 'in.tar'), kept)
      const id = must(place[program]('import-layer', '-f', join(place.directory, 'in.tar'))).split('\n')[0] ?? ''
      return treeListing(must(place[program]('mount', id)).trim())
    })
    const { '.': _root, ...theirs } = trees[0] ?? {}
    const { '.': _own, ...ours } = trees[1] ?? {}
    assert.deepEqual(ours, theirs)
    assert.match(ours['set-ids'] ?? '', /^file 6755/)
    assert.doesNotMatch(ours['labelled'] ?? '', /selinux/)
    assert.match(ours['trusted'] ?? '', /trusted\.anything=0x31 user\.anything=0x32/)
  })

  test(`refused by rule: sockets and what else a tar has no word for, ids and devices that cannot be (${driver})`, async () => {
    using victim = usedVictim(driver, first)
    for (const flag of ['s', 'V', 'M', 'D', '7']) {
      const failure = await victim.failure(async () => victim.attempt([layer(rawEntry({ name: 'odd', flag }))]))
      assert.deepEqual(
        failure.code === 'tar-invalid' && failure.problem,
        `unhandled tar header type ${flag.charCodeAt(0)}`,
      )
    }
    for (const tar of [
      layer(device('beyond', '3', '7777777', '7777777')),
      layer(file('nobody', { 108: '\xff'.repeat(8) })),
    ]) {
      const failure = await victim.failure(async () => victim.attempt([tar]))
      assert.equal(failure.code, 'tar-invalid', JSON.stringify(failure))
    }
    // What the kernel refuses is refused with it: a layer without one of its attributes is another layer.
    const attributes = [
      layer(withXattrs({ 'system.posix_acl_access': 'zz' }, file('acl'))),
      layer(withXattrs({ 'user.of': 'a fifo' }, rawEntry({ name: 'fifo', flag: '6' }))),
    ]
    for (const tar of attributes) {
      const failure = await victim.failure(async () => victim.attempt([tar]))
      assert.equal(failure.code, 'system', JSON.stringify(failure))
    }
    victim.refusal(5, () => victim.pull(layer(rawEntry({ name: 'socket', flag: 's' }))))
    victim.refusal(1, () => victim.importLayer(layer(rawEntry({ name: 'socket', flag: 's' }))))
  })

  test(`attributes by which overlay finds a directory elsewhere show nothing from outside (${driver})`, () => {
    using victim = new Victim(driver)
    const { outside } = victim
    const ways = [outside, `/${'../'.repeat(12)}${outside.slice(1)}`, '../../../outside', '/../../l']
    const crafted = ways.map((redirect, index) =>
      withXattrs({ 'trusted.overlay.redirect': redirect }, directory(`way-${index}/`)),
    )
    const copied = withXattrs(
      { 'trusted.overlay.redirect': `${outside}/secret`, 'trusted.overlay.metacopy': '' },
      file('copied'),
    )
    must(victim.pull(first, layer(...crafted, copied)))
    for (const index of ways.keys()) {
      assert.equal(victim.shale('ls', 'victim', `/way-${index}`).stdout, '')
      assert.equal(victim.shale('cat', 'victim', `/way-${index}/secret`).status, 3)
    }
    const mounted = victim.shale('mount', 'victim')
    if (mounted.status !== 0) return
    for (const index of ways.keys())
      assert.deepEqual(namesThatCanBeSeen(join(mounted.stdout.trim(), `way-${index}`)), [])
    must(victim.shale('unmount', 'victim'))
    assert.notEqual(victim.shale('cat', 'victim', '/copied').stdout, 'secret')
  })
}

/** The kernel refuses to follow such an attribute: then there is nothing to be seen. */
function namesThatCanBeSeen(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
