// Layers that want to write, link, change or remove something outside of their image, brought in as people bring images in. What each
// piece does about it is tested beside this; here all of them stand in a row, with the drivers below and the records behind them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { end, extended, rawEntry } from './raw-tar.ts'
import { drivers, usedVictim, Victim } from './victim.ts'

const layer = (...entries: readonly Uint8Array[]): Buffer => Buffer.concat([...entries, end])
const file = (name: string, body = 'pwned'): Buffer => rawEntry({ name }, body)
const directory = (name: string): Buffer => rawEntry({ name, flag: '5' })
const symlink = (name: string, link: string): Buffer => rawEntry({ name, flag: '2', link })
const hardLink = (name: string, link: string): Buffer => rawEntry({ name, flag: '1', link })
/** In everybody's reach, and not root's. */
const loud = { 100: '0004777\x000001750\x000001750\0' }
const first = layer(directory('etc/'), file('etc/passwd', 'root'))

for (const driver of drivers) {
  test(`names that lead up or begin at the root are names in the image (${driver})`, () => {
    using victim = new Victim(driver)
    const own = victim.outside.slice(1)
    const given = victim.pull(
      layer(
        file('../../../../../../../../../../up'),
        file(`${'../'.repeat(12)}${own}/far`),
        file(`/${own}/absolute`),
        file('a/b/../../../dots'),
        file('//twice//slashed'),
      ),
    )
    assert.equal(given.status, 0, given.stderr)
    const parents = own.split('/').map((_, depth, parts) => parts.slice(0, depth + 1).join('/'))
    const expected = ['.', 'up', 'dots', ...parents, `${own}/far`, `${own}/absolute`, 'twice', 'twice/slashed']
    assert.deepEqual(Object.keys(victim.treeOf('victim')).toSorted(), expected.toSorted())
  })

  test(`whatever goes through a planted symlink ends in the image, in one layer and from one layer to the next (${driver})`, async () => {
    const acts: Readonly<Record<string, readonly Buffer[]>> = {
      'a file over a file': [file('way/secret')],
      'a new file': [file('way/new')],
      'a file deeper down': [file('way/below/secret')],
      'a loud directory': [rawEntry({ name: 'way/below/', flag: '5', at: loud })],
      'a loud file': [rawEntry({ name: 'way/secret', at: loud }, 'pwned')],
      attributes: [extended({ 'SCHILY.xattr.trusted.pwned': 'y' }), file('way/secret')],
      'a whiteout': [file('way/.wh.secret', '')],
      'a whiteout of a directory': [file('way/.wh.below', '')],
      'an opaque mark': [file('way/.wh..wh..opq', '')],
      'a hard link to what is there': [rawEntry({ name: 'stolen', flag: '1', link: 'way/secret', at: loud })],
      'a hard link put there': [file('mine'), hardLink('way/secret', 'mine')],
      'a fifo': [rawEntry({ name: 'way/secret', flag: '6' })],
      'a device': [rawEntry({ name: 'way/secret', flag: '3', at: { 329: '0000001\0', 337: '0000003\0' } })],
    }
    using victim = usedVictim(driver, first)
    const { outside } = victim
    const targets = [outside, `${'../'.repeat(12)}${outside.slice(1)}`, `/proc/self/root${outside}`]
    for (const [what, entries] of Object.entries(acts)) {
      for (const target of targets) {
        const planted = layer(symlink('way', target))
        const both = layer(symlink('way', target), ...entries)
        for (const tars of [[both], [planted, layer(...entries), layer(file('stolen'))]]) {
          const failure = await victim.attempt(tars)
          // Inside of the image it leads nowhere.
          assert.ok(failure === undefined || failure.code === 'system', `${what}: ${JSON.stringify(failure)}`)
        }
      }
      // And where the image has a directory of that name, it is this one.
      const inside = [directory(`${outside}/below/`), file(`${outside}/secret`), file(`${outside}/below/secret`)]
      const planted = layer(...inside, symlink('way', outside))
      const failure = await victim.attempt([planted, layer(...entries), layer(file('stolen'))])
      // On overlay a layer is unpacked by itself: what only a lower layer has cannot be linked to, as with the original.
      assert.ok(
        failure === undefined || (driver === 'overlay' && failure.code === 'system'),
        `${what}: ${JSON.stringify(failure)}`,
      )
    }
  })

  test(`an honest absolute symlink stays as it is, and what is written through it lies where the container sees it (${driver})`, () => {
    using victim = new Victim(driver)
    const given = victim.pull(
      // In one layer: on overlay each is unpacked by itself, and a link of a lower one is not there to go through.
      layer(directory('run/'), directory('var/'), symlink('var/run', '/run'), file('var/run/app/pid', '1')),
    )
    assert.equal(given.status, 0, given.stderr)
    assert.match(victim.treeOf('victim')['var/run'] ?? '', / -> \/run$/)
    assert.equal(victim.place.shale('cat', 'victim', '/var/run/app/pid').stdout, '1')
  })

  test(`an entry that would make something else of the root is refused, and nothing is stored (${driver})`, async () => {
    using victim = usedVictim(driver, first)
    for (const name of ['/', '..', './..']) {
      for (const entry of [
        symlink(name, victim.outside),
        rawEntry({ name, flag: '6' }),
        hardLink(name, 'etc/passwd'),
      ]) {
        const failure = await victim.failure(async () => victim.attempt([first, layer(entry, file('secret'))]))
        assert.equal(failure.code, 'tar-invalid')
      }
    }
    const bad = layer(symlink('/', victim.outside), file('secret'))
    victim.refusal(5, () => victim.pull(first, bad))
    victim.refusal(1, () => victim.importLayer(bad))
  })

  test(`a hard link’s target is looked up and linked by one rule: it lies in the image, or the layer is refused (${driver})`, async () => {
    using victim = usedVictim(driver, first)
    const { outside } = victim
    const chains: readonly (readonly Buffer[])[] = [
      [hardLink('stolen', `${outside}/secret`)],
      [hardLink('stolen', `${'../'.repeat(12)}${outside.slice(1)}/secret`)],
      [hardLink('stolen', `${outside}/link`)],
      [symlink('a', 'b'), symlink('b', 'c'), symlink('c', outside), hardLink('stolen', 'a/secret')],
    ]
    for (const entries of chains) {
      const failure = await victim.failure(async () => victim.attempt([layer(...entries)]))
      assert.equal(failure.code, 'system', JSON.stringify(failure))
    }
    const [stolen = []] = chains
    victim.refusal(1, () => victim.pull(layer(...stolen)))
    victim.refusal(1, () => victim.importLayer(layer(...stolen)))
    // To the symlink itself a hard link may be made; a file of that name replaces it and is not written through it.
    const entries = [symlink('a', `${outside}/secret`), hardLink('b', 'a')]
    assert.equal(victim.pull(layer(...entries), layer(rawEntry({ name: 'b', at: loud }, 'pwned'))).status, 0)
    assert.match(victim.treeOf('victim')['b'] ?? '', /^file 4777 1000:1000 5 /)
  })

  test(`owners, modes and times never go through a symlink (${driver})`, () => {
    using victim = new Victim(driver)
    const links = [
      rawEntry({ name: 's', flag: '2', link: `${victim.outside}/secret`, at: loud }),
      rawEntry({ name: 't', flag: '1', link: 's', at: loud }),
      rawEntry({ name: 'd', flag: '2', link: victim.outside, at: loud }),
    ]
    const given = victim.pull(layer(...links), layer(rawEntry({ name: 'd/', flag: '5', at: loud })))
    assert.equal(given.status, 0, given.stderr)
    const tree = victim.treeOf('victim')
    assert.match(tree['s'] ?? '', /^symlink 777 1000:1000 /)
    assert.match(tree['d'] ?? '', /^directory 4777 1000:1000/)
  })
}
