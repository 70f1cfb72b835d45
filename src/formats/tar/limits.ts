import { Fault } from '#model'

/** What an archive may ask for. A limit that is passed throws Fault `limit-exceeded` with the name of the option. */
export interface TarLimits {
  /** Headers of one archive, global headers included. */
  readonly entries: number
  /** Bytes of one path or link target. */
  readonly pathBytes: number
  /** Names in one path, `.` and empty ones not counted. */
  readonly pathDepth: number
  /** Names and values of one entry's extended attributes together. */
  readonly xattrBytes: number
  /** Stored regions of one sparse file. */
  readonly sparseRegions: number
  /** Zeros that sparse files of one archive unfold to: a kilobyte of tar can declare exabytes of them. */
  readonly sparseHoleBytes: number
  /** Extension headers with their data before one entry. Each may have 1 MiB at most, but nothing else bounds their number. */
  readonly extensionBytes: number
}

/** Beyond any image that was seen, yet small enough that a hostile archive costs seconds and megabytes, not a machine. */
export const defaultTarLimits: TarLimits = {
  entries: 4_000_000,
  pathBytes: 4096,
  pathDepth: 1024,
  xattrBytes: 256 * 1024,
  sparseRegions: 262_144,
  sparseHoleBytes: 16 * 1024 ** 3,
  extensionBytes: 8 * 1024 * 1024,
}

/** The Fault for an archive that asks for more than `option` allows. */
export function exceeded(limit: string, most: number, option: keyof TarLimits): Fault {
  return new Fault({ code: 'limit-exceeded', limit, most, option })
}
