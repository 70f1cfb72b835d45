// Somebody swaps directories for symlinks in what is being unpacked, read, exported and removed, while the whole program runs over it
// (CVE-2018-15664; CVE-2025-47290, where a speed-up of unpacking reopened the hole). It gains nothing: nothing outside is written,
// changed, removed or shown.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { answerLater, must } from '../place.ts'
import { end, extended, rawEntry } from './raw-tar.ts'
import { drivers, Victim } from './victim.ts'

const swapper = fileURLToPath(new URL('staging-swapper.ts', import.meta.url))
const shale = fileURLToPath(new URL('../../bin/shale', import.meta.url))
const milliseconds = 3000
const loud = { 100: '0004777\x000001750\x000001750\0' }

/** Every way to reach something by way of `top/d`, again and again, in files enough for some thousand swaps. */
function hostileLayer(outside: string): Buffer {
  const each = (index: number): readonly Buffer[] => [
    rawEntry({ name: `top/d/s-${index}`, at: loud }, 'inside'),
    rawEntry({ name: `top/d/below/${index}/`, flag: '5', at: loud }),
    extended({ 'SCHILY.xattr.trusted.pwned': 'y' }),
    rawEntry({ name: `top/d/below/${index}/f` }, 'inside'),
    rawEntry({ name: `top/d/l-${index}`, flag: '2', link: 'secret' }),
    rawEntry({ name: `top/d/h-${index}`, flag: '1', link: 'kept' }),
    rawEntry({ name: `stolen-${index}`, flag: '1', link: `top/d/s-${index}` }),
    rawEntry({ name: `top/d/p-${index}`, flag: '6' }),
    rawEntry({ name: `top/d/.wh.w-${index}` }),
  ]
  return Buffer.concat([
    rawEntry({ name: 'kept' }, 'inside'),
    rawEntry({ name: 'top/', flag: '5', at: { 100: '0000755\0' } }),
    rawEntry({ name: 'top/d/', flag: '5', at: loud }),
    rawEntry({ name: 'top/other', flag: '2', link: outside }),
    rawEntry({ name: 'top/d/secret', at: loud }, 'inside'),
    ...Array.from({ length: 600 }, (_, index) => each(index)).flat(),
    rawEntry({ name: 'top/d/.wh.below-nothing' }),
    end,
  ])
}

class Swapping implements AsyncDisposable {
  readonly #child: ChildProcess
  #hundreds = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stdout?.on('data', (text: Buffer) => (this.#hundreds += text.toString().split('swapped').length - 1))
  }

  static async in(home: string, depth: number): Promise<Swapping> {
    const child = spawn(process.execPath, [swapper, home, String(depth)], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    return new Swapping(child)
  }

  /** At least. */
  get swaps(): number {
    return this.#hundreds * 100
  }

  async [Symbol.asyncDispose](): Promise<void> {
    assert.equal(this.#child.exitCode, null, 'the swapper has failed')
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

const wordsFor = ({ place: { graph, run, driver } }: Victim) =>
  ['--root', graph, '--runroot', run, '--storage-driver', driver, '--quiet'] as const

const homeOf = ({ place: { graph, driver } }: Victim) => join(graph, driver)

for (const driver of drivers) {
  test(`while a layer is unpacked and thrown away again (${driver})`, async () => {
    using victim = new Victim(driver)
    const source = victim.sourceOf(hostileLayer(victim.outside))
    await using swapping = await Swapping.in(join(homeOf(victim), 'tempdirs'), 4)
    const until = performance.now() + milliseconds
    while (performance.now() < until) {
      const given = await answerLater(shale, [...wordsFor(victim), '--durability', 'none', 'pull', source])
      victim.assertUntouched()
      // What was in the way may have failed it; then nothing of it is there.
      assert.ok([0, 1].includes(given.status), given.stderr)
      if (given.status === 0) must(await answerLater(shale, [...wordsFor(victim), 'rmi', given.stdout.trim()]))
      else assert.equal(victim.place.shale('images', '--quiet').stdout, '')
      victim.assertUntouched()
    }
    assert.ok(swapping.swaps > 100, `only ${swapping.swaps} swaps`)
  })

  test(`while a stored layer is read, exported and removed (${driver})`, async () => {
    using victim = new Victim(driver)
    must(victim.pull(hostileLayer(victim.outside)))
    await using swapping = await Swapping.in(homeOf(victim), 4)
    const until = performance.now() + milliseconds
    for (let round = 0; performance.now() < until; round++) {
      const to = join(victim.place.directory, `saved-${round}`)
      const [shown, changes, saved] = await Promise.all([
        answerLater(shale, [...wordsFor(victim), 'cat', 'victim', '/top/d/secret']),
        answerLater(shale, [...wordsFor(victim), 'diff', 'victim']),
        answerLater(shale, [...wordsFor(victim), 'save', 'victim', `dir:${to}`, '--compression', 'none']),
      ])
      assert.match(shown.stdout, /^(?:inside)?$/)
      assert.doesNotMatch(changes.stdout, /top\/d\/(?:link|below\/secret)$/m)
      // Every layer is compared with its digest on the way: what came from elsewhere is noticed, and nothing is left of it.
      assert.equal(existsSync(to), saved.status === 0, saved.stderr)
      rmSync(to, { recursive: true, force: true })
    }
    must(await answerLater(shale, [...wordsFor(victim), 'rmi', 'victim']))
    victim.assertUntouched()
    assert.ok(swapping.swaps > 100, `only ${swapping.swaps} swaps`)
  })
}
