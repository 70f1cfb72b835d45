import type { Flag } from './flags.ts'

/** Accepted before and behind the command's name (spec/cli §2). */
export const globalFlags: readonly Flag[] = [
  { long: ['debug'], short: 'D', kind: 'boolean', usage: 'Print debugging information' },
  { long: ['graph'], short: 'g', kind: 'text', usage: 'Root of the storage tree' },
  { long: ['image-store'], kind: 'text', usage: 'Root of the separate image store' },
  { long: ['run'], short: 'R', kind: 'text', usage: 'Root of the runtime state tree' },
  { long: ['storage-driver'], short: 's', kind: 'text', usage: 'Storage driver to use ($STORAGE_DRIVER)' },
  { long: ['storage-opt'], kind: 'list', usage: 'Set storage driver options ($STORAGE_OPTS)' },
  { long: ['transient-store'], kind: 'boolean', usage: 'Transient store' },
  { long: ['unshare'], short: 'U', kind: 'boolean', usage: 'Run in a user namespace' },
]
