import { spawn } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { type Answer, answerLater, type Place, type Program } from '../place.ts'

/** Those who work on one store at once: until when, and what went wrong that was not to be expected. */
export class Scene {
  readonly place: Place
  readonly #until: number
  readonly #surprises: string[] = []
  readonly #counts = new Map<string, number>()

  constructor(place: Place, seconds: number) {
    this.place = place
    this.#until = performance.now() + seconds * 1000
  }

  get isOpen(): boolean {
    return performance.now() < this.#until && this.#surprises.length === 0
  }

  /** What no answer, whoever gave it, may be. */
  get surprises(): readonly string[] {
    return this.#surprises
  }

  /** How often each kind of thing was done with success: a scene in which nobody achieves anything proves nothing. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  /** Whether it worked. Not to is fine for the reasons that `unless` matches: somebody else was quicker. */
  async does(program: Program, words: readonly string[], unless?: RegExp): Promise<Answer> {
    return await this.runs(...this.place.command(program, words), `${program} ${words[0]}`, unless)
  }

  async runs(file: string, words: readonly string[], called: string, unless?: RegExp): Promise<Answer> {
    const answer = await answerLater(file, words)
    if (answer.status === 0) this.#counts.set(called, (this.#counts.get(called) ?? 0) + 1)
    else if (unless === undefined || !unless.test(answer.stderr)) this.surprise(`${called} ${words.join(' ')}`, answer)
    return answer
  }

  surprise(what: string, answer: Pick<Answer, 'status' | 'stderr' | 'stdout'>): void {
    this.#surprises.push(`${what}: exit ${answer.status}: ${answer.stderr.slice(-800)}${answer.stdout.slice(0, 300)}`)
  }

  /** SIGKILL after so many milliseconds, unless it has ended by then. Waits until nothing of it runs. */
  async kills(program: Program, words: readonly string[], after: number): Promise<void> {
    const [file, all] = this.place.command(program, words)
    const child = spawn(file, all, { stdio: 'ignore' })
    const ended = new Promise<boolean>((resolve) => {
      child.on('exit', (_, signal) => resolve(signal !== null))
    })
    await Promise.race([setTimeout(after, undefined, { ref: false }), ended])
    child.kill('SIGKILL')
    const called = (await ended) ? `${program} killed` : `${program} ended before it was killed`
    this.#counts.set(called, (this.#counts.get(called) ?? 0) + 1)
  }
}
