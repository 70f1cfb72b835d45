// For tests: applies, in a user namespace that knows no other user than root, what only the root of the machine may have.
import { Fault } from '#model'
import type { ApplyTarget } from './target.ts'
import { type Told, apply, device, directory, file, opaque, symlink, whiteout } from './trial-entries.ts'

/** What came of it, for the process that started this one. */
export interface UserNamespaceOutcome {
  readonly warnings: readonly string[]
  readonly failure: string
}

const cases: Readonly<Record<string, { readonly options: Partial<ApplyTarget>; readonly entries: readonly Told[] }>> = {
  devices: {
    options: { inUserNamespace: true, overlayXattrs: 'user' },
    entries: [
      device('null', 1, 3),
      file('d/f', 'x', { xattrs: { 'trusted.a': 'b', 'user.a': 'b' } }),
      symlink('s', 'x', { xattrs: { 'user.a': 'b' } }),
      whiteout('gone'),
      directory('d/'),
      opaque('d'),
    ],
  },
  owner: { options: {}, entries: [file('f', '', { uid: 1000, gid: 1001 })] },
  'owner-ignored': { options: { ignoreChownErrors: true }, entries: [file('f', 'x', { uid: 1000, gid: 1001 })] },
}

function outcomeOf(story: string, target: string): UserNamespaceOutcome {
  const warnings: string[] = []
  const { options, entries } = cases[story] ?? { options: {}, entries: [] }
  try {
    apply({ directory: target, semantics: 'overlay', ...options }, entries, {
      onWarning: (text) => warnings.push(text),
    })
    return { warnings, failure: '' }
  } catch (error) {
    return { warnings, failure: error instanceof Fault ? `${error.failure.code}: ${error.message}` : String(error) }
  }
}

const [story = '', target = ''] = process.argv.slice(2)
process.stdout.write(JSON.stringify(outcomeOf(story, target)))
