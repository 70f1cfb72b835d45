// kill -9 at random moments: afterwards the store is as before or as after, and the next writer removes what is left.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fixture } from '../fixtures/fixture.ts'
import { type DriverName, makePlace, must, type Place } from '../place.ts'
import { dice, seedOfRun } from './dice.ts'
import { assertSound, leftovers, storeListing } from './store-state.ts'

const rounds = Number(process.env['SHALE_CRASH_ROUNDS'] ?? 8)
const seed = seedOfRun()

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly milliseconds: number
}

/** Runs shale and sends it a signal after some time, unless it has ended by then. */
async function runAndSignal(
  place: Place,
  words: readonly string[],
  signal: NodeJS.Signals,
  after: number,
): Promise<Ended> {
  const started = performance.now()
  const program = path.resolve(import.meta.dirname, '../../bin/shale')
  const options = ['--root', place.graph, '--runroot', place.run, '--storage-driver', place.driver, '--quiet', ...words]
  const child = spawn(program, options, { stdio: 'ignore' })
  const ended = new Promise<Ended>((resolve) => {
    child.on('exit', (code, name) => resolve({ code, signal: name, milliseconds: performance.now() - started }))
  })
  await Promise.race([setTimeout(after, undefined, { ref: false }), ended])
  child.kill(signal)
  return await ended
}

const never = 10 ** 8

for (const driver of ['overlay', 'vfs'] satisfies readonly DriverName[]) {
  test(`a pull that is killed leaves the store as before or as after (${driver}, seed ${seed})`, async () => {
    const { source } = await fixture('edges')
    const random = dice(seed)
    using place = makePlace(driver)
    must(place.shale('pull', (await fixture('tiny')).source))
    const whole = await runAndSignal(place, ['pull', source], 'SIGKILL', never)
    assert.equal(whole.code, 0)
    for (let round = 0; round < rounds; round++) {
      must(place.shale('rmi', 'edges'))
      // The first third of the time is starting up; what matters comes after it.
      const { code, signal } = await runAndSignal(
        place,
        ['pull', source],
        'SIGKILL',
        whole.milliseconds * (0.25 + random() * 0.85),
      )
      assertSound(place)
      if (signal === null) assert.equal(code, 0)
      must(place.shale('pull', source))
      assertSound(place)
      assert.deepEqual(leftovers(place), [], 'the next writer left something')
    }
  })

  test(`a removal that is killed leaves the image whole or gone (${driver}, seed ${seed})`, async () => {
    const { source } = await fixture('edges')
    const random = dice(seed + 1)
    using place = makePlace(driver)
    must(place.shale('pull', source))
    const whole = await runAndSignal(place, ['rmi', 'edges'], 'SIGKILL', never)
    assert.equal(whole.code, 0)
    for (let round = 0; round < rounds; round++) {
      must(place.shale('pull', source))
      await runAndSignal(place, ['rmi', 'edges'], 'SIGKILL', whole.milliseconds * (0.3 + random() * 0.8))
      assertSound(place)
      must(place.shale('pull', source))
      must(place.shale('rmi', 'edges'))
      assert.deepEqual([leftovers(place), must(place.shale('layers', '--quiet'))], [[], ''])
    }
  })

  test(`a pull that is interrupted takes back what it did (${driver}, seed ${seed})`, async () => {
    const { source } = await fixture('edges')
    const random = dice(seed + 2)
    using place = makePlace(driver)
    must(place.shale('pull', (await fixture('tiny')).source))
    // Once through, so that every directory that a pull makes is there.
    const whole = await runAndSignal(place, ['pull', source], 'SIGINT', never)
    must(place.shale('rmi', 'edges'))
    const before = storeListing(place)
    for (let round = 0; round < rounds; round++) {
      const { code, signal } = await runAndSignal(
        place,
        ['pull', source],
        'SIGINT',
        whole.milliseconds * (0.3 + random() * 0.7),
      )
      if (code === 0) must(place.shale('rmi', 'edges'))
      // A signal that comes before the program listens ends it the hard way, and nothing has been done by then.
      else assert.ok(code === 130 || signal === 'SIGINT', `exit code ${code}`)
      assert.deepEqual(storeListing(place), before)
    }
    rmSync(place.run, { recursive: true, force: true })
  })
}
