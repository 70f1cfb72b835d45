import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Failure, Fault, openStore, pullImage, type PullOptions, type Store } from '../../src/index.ts'
import { storeListing } from '../crash/store-state.ts'
import { type Answer, answer, type DriverName, makePlace, must, type Place } from '../place.ts'
import { treeListing } from '../tree-listing.ts'
import { HostileLayout } from './hostile-image.ts'

export const drivers: readonly DriverName[] = ['overlay', 'vfs']

/**
 * A store that hostile images are brought into, by its commands or through the library, and beside it what none of them may reach.
 * Whatever is done, that this is untouched is demanded at once.
 */
export class Victim implements Disposable {
  readonly place: Place
  readonly outside: string
  readonly #before: Readonly<Record<string, string>>
  #layouts = 0
  #store: Promise<Store> | undefined

  constructor(driver: DriverName) {
    this.place = makePlace(driver)
    this.outside = join(this.place.directory, 'outside')
    mkdirSync(join(this.outside, 'below'), { recursive: true })
    for (const name of ['secret', 'below/secret']) {
      writeFileSync(join(this.outside, name), 'secret')
      chmodSync(join(this.outside, name), 0o600)
    }
    symlinkSync('secret', join(this.outside, 'link'))
    this.#before = treeListing(this.outside)
  }

  layout(): HostileLayout {
    return new HostileLayout(join(this.place.directory, `layout-${this.#layouts++}`))
  }

  /** What `shale pull` is told of an honest image of these layers. */
  sourceOf(...tars: readonly Uint8Array[]): string {
    const layout = this.layout()
    return layout.pointingTo(layout.image(tars))
  }

  /** Pulls an image of these layers with the default limits, and calls it `victim`. */
  pull(...tars: readonly Uint8Array[]): Answer {
    return this.shale('pull', this.sourceOf(...tars), '--name', 'victim')
  }

  shale(...words: readonly string[]): Answer {
    const given = this.place.shale(...words)
    this.assertUntouched()
    return given
  }

  /** A layer goes into the drop-in through its standard input. */
  importLayer(tar: Uint8Array, ...words: readonly string[]): Answer {
    const { graph, run, driver } = this.place
    const program = join(import.meta.dirname, '../../bin/containers-storage')
    const given = answer(program, ['-g', graph, '-R', run, '-s', driver, 'import-layer', ...words], {}, tar)
    this.assertUntouched()
    return given
  }

  /** As a program that uses the library pulls: how it failed, if it did. For long rows of attacks, since nothing has to start. */
  async attempt(tars: readonly Uint8Array[], options: PullOptions = {}): Promise<Failure | undefined> {
    return await this.attemptFrom(this.sourceOf(...tars), { names: ['victim'], ...options })
  }

  async attemptFrom(source: string, options: PullOptions = {}): Promise<Failure | undefined> {
    try {
      await pullImage(await this.store(), source, options)
      return undefined
    } catch (error) {
      if (error instanceof Fault) return error.failure
      if (error instanceof Error && 'code' in error && 'path' in error) {
        return { code: 'system', call: error.message, path: String(error.path), errno: String(error.code) }
      }
      throw error
    } finally {
      this.assertUntouched()
    }
  }

  async store(): Promise<Store> {
    const { graph, run, driver } = this.place
    this.#store ??= openStore({ graphRoot: graph, runRoot: run, driver, durability: 'none' })
    return await this.#store
  }

  /** Every file of an image as a container would see it. */
  treeOf(name: string): Readonly<Record<string, string>> {
    const path = must(this.place.shale('mount', name)).trim()
    try {
      return treeListing(path, { times: 'ignore' })
    } finally {
      must(this.place.shale('unmount', name))
    }
  }

  /** What the store holds, byte for byte, but for tokens in lock files and times. */
  listing(): Readonly<Record<string, string>> {
    return storeListing(this.place)
  }

  /** What is said when something is refused with this exit status; the store has to be as it was. */
  refusal(status: number, act: () => Answer): string {
    const before = this.listing()
    const given = act()
    assert.equal(given.status, status, `${given.stderr}${given.stdout}`)
    assert.doesNotMatch(given.stderr, /\n\s+at /, 'a stack is no message')
    assertSame(this.listing(), before)
    return given.stderr
  }

  /** The same through the library: the failure. */
  async failure(act: () => Promise<Failure | undefined>): Promise<Failure> {
    const before = this.listing()
    const failure = await act()
    assertSame(this.listing(), before)
    assert.ok(failure, 'it was not refused')
    return failure
  }

  assertUntouched(): void {
    assert.deepEqual(treeListing(this.outside), this.#before)
  }

  [Symbol.dispose](): void {
    this.place[Symbol.dispose]()
  }
}

/** A victim whose store has been used before, so that every directory that a pull makes is there. */
export function usedVictim(driver: DriverName, first: Uint8Array): Victim {
  const victim = new Victim(driver)
  must(victim.pull(first))
  return victim
}

/** Two listings are equal; if not, only what differs is shown. */
export function assertSame(actual: Readonly<Record<string, string>>, expected: Readonly<Record<string, string>>): void {
  const names = [...new Set([...Object.keys(actual), ...Object.keys(expected)])]
  const differing = names.filter((name) => actual[name] !== expected[name])
  const only = (listing: Readonly<Record<string, string>>) =>
    Object.fromEntries(differing.map((name) => [name, listing[name]]))
  assert.deepEqual(only(actual), only(expected))
}
