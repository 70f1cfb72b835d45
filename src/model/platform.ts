import { Fault } from './failure.ts'

/** What an image is made for (OCI image-spec, "platform"); words as Go spells them: `linux`, `amd64`, `arm64`, `v8`. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
  readonly osVersion?: string
}

/** `os`, `os/architecture` or `os/architecture/variant`; what is left out is the host's. @throws Fault `option-invalid` */
export function parsePlatform(text: string, host: Platform = platformOfHost()): Platform {
  const parts = text.split('/')
  if (parts.length > 3 || parts.some((part) => !/^[A-Za-z0-9_.-]+$/.test(part))) {
    throw new Fault({
      code: 'option-invalid',
      option: '--platform',
      problem: `${text} is not of the form os/architecture[/variant]`,
    })
  }
  const [os = host.os, architecture, variant] = parts.map((part) => part.toLowerCase())
  if (architecture === undefined) return { ...host, os }
  return normalised({ os, architecture, ...(variant === undefined ? {} : { variant }) })
}

export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/')
}

const goNames: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', loong64: 'loong64', mipsel: 'mipsle' }

/** The host's platform out of Node's name for the processor. */
export function platformOfHost(architecture: string = process.arch): Platform {
  return normalised({ os: 'linux', architecture: goNames[architecture] ?? architecture })
}

// Other spellings that people use and images have (containerd's platforms package knows the same ones).
function normalised(platform: Platform): Platform {
  switch (platform.architecture) {
    case 'x86_64':
    case 'x86-64':
      return { ...platform, architecture: 'amd64' }
    case 'i386':
      return { ...platform, architecture: '386' }
    case 'aarch64':
      return { ...platform, architecture: 'arm64' }
    case 'armhf':
      return { ...platform, architecture: 'arm', variant: 'v7' }
    case 'armel':
      return { ...platform, architecture: 'arm', variant: 'v6' }
    default:
      return platform
  }
}

// A processor runs what was made for its predecessors, best match first; '' stands for no variant at all.
const older: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  arm: {
    '': ['v7', 'v6', 'v5', ''],
    v8: ['v8', 'v7', 'v6', 'v5', ''],
    v7: ['v7', 'v6', 'v5', ''],
    v6: ['v6', 'v5', ''],
    v5: ['v5', ''],
  },
  arm64: { '': ['', 'v8'], v8: ['v8', ''] },
  amd64: {
    '': ['', 'v1'],
    v1: ['v1', ''],
    v2: ['v2', 'v1', ''],
    v3: ['v3', 'v2', 'v1', ''],
    v4: ['v4', 'v3', 'v2', 'v1', ''],
  },
}

/**
 * Of several images the one for this platform: the best variant, the first of equals. An entry that names no platform is taken
 * when nothing else fits, as containers/image does. @throws Fault `platform-unavailable`
 */
export function selectPlatform<Item extends { readonly platform?: Platform }>(
  items: readonly Item[],
  wanted: Platform,
): Item {
  for (const variant of acceptableVariants(wanted)) {
    const found = items.find((item) => item.platform !== undefined && fits(item.platform, wanted, variant))
    if (found !== undefined) return found
  }
  const unnamed = items.find((item) => item.platform === undefined)
  if (unnamed !== undefined) return unnamed
  const available = items.flatMap((item) => (item.platform === undefined ? [] : [formatPlatform(item.platform)]))
  throw new Fault({ code: 'platform-unavailable', wanted: formatPlatform(wanted), available: [...new Set(available)] })
}

function fits(offered: Platform, wanted: Platform, variant: string): boolean {
  const { os, architecture, variant: offeredVariant = '' } = normalised(offered)
  return os === wanted.os && architecture === wanted.architecture && offeredVariant === variant
}

function acceptableVariants(wanted: Platform): readonly string[] {
  const variant = wanted.variant ?? ''
  return older[wanted.architecture]?.[variant] ?? [...new Set([variant, ''])]
}

/** Whether an image that says this of itself may be taken for the wanted platform. */
export function isPlatformAcceptable(offered: Platform, wanted: Platform): boolean {
  return acceptableVariants(wanted).some((variant) => fits(offered, wanted, variant))
}
