import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '#ground/sys'
import { Fault } from '#model'
import {
  probeMetacopy,
  probeNativeDiff,
  probeOverlay,
  probeVolatile,
  type Finding,
  type ProbeSettings,
} from './overlay-probes.ts'
import { withTemporaryDirectory } from './temporary-directory.ts'

export interface FeaturePlace extends ProbeSettings {
  readonly home: string
  /** `RUNROOT/overlay`: what has been found is remembered here until the next boot. */
  readonly runHome: string
  readonly tempRoot: string
}

interface Probe {
  readonly name: string
  readonly run: (directory: string) => Finding
  /** What failing to probe says (spec/drivers §4.5). */
  readonly onFailure: (error: unknown) => Finding
  /** Whether the answer no is remembered too. */
  readonly remembersNo: boolean
}

function unexpected(error: unknown): never {
  throw error
}

/** What the kernel and the file system can do: asked once per boot, remembered in files that the Go programs share. */
export class OverlayFeatures {
  readonly #place: FeaturePlace
  readonly #found = new Map<string, Finding>()

  constructor(place: FeaturePlace) {
    this.#place = place
  }

  /** @throws Fault `driver-unsupported` */
  async requireOverlay(): Promise<void> {
    const finding = await this.#ask({
      name: 'overlay',
      run: (directory) => probeOverlay(directory, this.#place),
      onFailure: noOverlay,
      remembersNo: true,
    })
    if (!finding.supported) throw unusable(finding.text)
  }

  async metacopy(): Promise<boolean> {
    const finding = await this.#ask({
      name: `metacopy(${this.#place.mountOptions})`,
      run: (directory) => probeMetacopy(directory, this.#place),
      onFailure: unexpected,
      remembersNo: true,
    })
    return finding.supported
  }

  async nativeDiff(): Promise<boolean> {
    const finding = await this.#ask({
      name: `native-diff(${this.#place.mountOptions})`,
      run: (directory) => probeNativeDiff(directory, this.#place),
      onFailure: unexpected,
      remembersNo: true,
    })
    return finding.supported
  }

  async volatile(): Promise<boolean> {
    const finding = await this.#ask({
      name: 'volatile',
      run: (directory) => probeVolatile(directory, this.#place),
      onFailure: () => ({ supported: false, text: '' }),
      remembersNo: false,
    })
    return finding.supported
  }

  async #ask(probe: Probe): Promise<Finding> {
    const known = this.#found.get(probe.name) ?? this.#recall(probe.name)
    const finding = known ?? (await this.#probe(probe))
    this.#found.set(probe.name, finding)
    return finding
  }

  async #probe(probe: Probe): Promise<Finding> {
    const finding = await withTemporaryDirectory(this.#place.tempRoot, (directory) => findingOf(probe, directory))
    if (finding.supported || probe.remembersNo) this.#remember(probe.name, finding)
    return finding
  }

  #recall(name: string): Finding | undefined {
    for (const supported of [true, false]) {
      try {
        return { supported, text: readFileSync(this.#file(name, supported), 'utf8') }
      } catch (error) {
        // Mount options can make a name that no file can have: such a probe is run every time.
        if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) throw error
      }
    }
    return undefined
  }

  #remember(name: string, finding: Finding): void {
    mkdirSync(this.#place.runHome, { recursive: true, mode: 0o700 })
    try {
      writeFileSync(this.#file(name, finding.supported), finding.text, { mode: 0o644 })
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) throw error
    }
  }

  #file(name: string, supported: boolean): string {
    return path.join(this.#place.runHome, `${name}-${supported}`)
  }
}

function findingOf(probe: Probe, directory: string): Finding {
  try {
    return probe.run(directory)
  } catch (error) {
    // A full disk says nothing about the kernel.
    if (isErrno(error, 'ENOSPC', 'EDQUOT')) throw error
    return probe.onFailure(error)
  }
}

function noOverlay(error: unknown): Finding {
  if (isErrno(error, 'EPERM')) {
    // Nor does a user without the right to mount, who may come back with it: this is not remembered.
    const problem = "mounting an overlay needs root's rights, in this or in a user namespace"
    throw new Fault(
      { code: 'driver-unsupported', driver: 'overlay', problem, reason: 'prerequisites' },
      { cause: error },
    )
  }
  return {
    supported: false,
    text: `kernel does not support overlay fs: ${error instanceof Error ? error.message : String(error)}`,
  }
}

/** The remembered text ends in the reason: it becomes one again. */
function unusable(text: string): Fault {
  for (const reason of ['file-system', 'prerequisites', undefined] as const) {
    const marker = new Fault(
      reason === undefined
        ? { code: 'driver-unsupported', driver: 'overlay', problem: '' }
        : { code: 'driver-unsupported', driver: 'overlay', problem: '', reason },
    ).message
    if (!text.endsWith(marker)) continue
    const problem = text.slice(0, -marker.length)
    return new Fault({
      code: 'driver-unsupported',
      driver: 'overlay',
      problem,
      ...(reason === undefined ? {} : { reason }),
    })
  }
  return new Fault({ code: 'driver-unsupported', driver: 'overlay', problem: text })
}
