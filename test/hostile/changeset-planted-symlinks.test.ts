// Names through symlinks that the same layer, or one below it, has planted: they are followed inside of the layer, as everybody who
// runs the container will follow them, and honest layers depend on that (`/var/run` is a symlink to `/run`).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TarEntry } from '#formats/tar'
import { Sandbox, say, semantics } from './changeset-sandbox.ts'

const link = (path: string, target: string): TarEntry => say(path, { kind: 'symlink', link: target, mode: 0o777 })

for (const kind of semantics) {
  const plants: Readonly<Record<string, (sandbox: Sandbox) => readonly TarEntry[]>> = {
    absolute: ({ outside }) => [link('way', outside)],
    relative: () => [link('way', '../outside')],
    'far up': () => [link('way', `${'../'.repeat(30)}outside`)],
    'a chain': ({ outside }) => [link('way', 'second'), link('second', 'third/..'), link('third', `${outside}/below`)],
    'a chain through the root': ({ outside }) => [link('way', '/a/b'), link('a/b', '../../..'), link('c', outside)],
    'through /proc': ({ outside }) => [link('way', `/proc/self/root${outside}`)],
  }
  for (const [name, plant] of Object.entries(plants)) {
    for (const time of ['the same layer', 'a lower layer']) {
      test(`a symlink of ${time} leads nowhere outside: ${name}, for ${kind}`, () => {
        const attacks: readonly (readonly TarEntry[])[] = [
          [say('way/secret', { body: 'pwned' })],
          [say('way/new', { body: 'pwned' })],
          [say('way/below/secret', { body: 'pwned' })],
          [say('way/', { kind: 'directory', mode: 0o777, uid: 1 })],
          [say('way/below/', { kind: 'directory', mode: 0o777, uid: 1 })],
          [say('way/.wh.secret')],
          [say('way/.wh.below')],
          [say('way/.wh..wh..opq')],
          [say('way/secret', { kind: 'symlink', link: 'pwned' })],
          [say('way/secret', { kind: 'fifo' })],
          [say('pwn', { kind: 'hard-link', link: 'way/secret', mode: 0o777, uid: 1 })],
          [say('way/secret', { kind: 'hard-link', link: 'mine' })],
        ]
        for (const attack of attacks) {
          using sandbox = new Sandbox()
          const planted = [say('mine', { body: 'mine' }), ...plant(sandbox)]
          if (time === 'the same layer') sandbox.apply(kind, [...planted, ...attack])
          else {
            assert.equal(sandbox.apply(kind, planted), undefined)
            sandbox.apply(kind, attack)
          }
        }
      })
    }
  }

  test(`an honest absolute symlink is kept as it is and followed inside, for ${kind}`, () => {
    using sandbox = new Sandbox()
    const entries = [
      say('run/', { kind: 'directory', mode: 0o755 }),
      say('var/', { kind: 'directory', mode: 0o755 }),
      link('var/run', '/run'),
      say('var/run/app/pid', { body: '1' }),
    ]
    assert.equal(sandbox.apply(kind, entries), undefined)
    assert.deepEqual(sandbox.names(), ['run', 'run/app', 'run/app/pid', 'var', 'var/run'])
    assert.match(sandbox.contents()['var/run'] ?? '', /-> \/run$/)
  })

  test(`symlinks in a circle are an error, not a hang, for ${kind}`, () => {
    using sandbox = new Sandbox()
    const failure = sandbox.apply(kind, [link('a', 'b'), link('b', 'a'), say('a/pwn', { body: 'x' })])
    assert.deepEqual(failure, { code: 'system', call: 'open', path: '/a/pwn', errno: 'ELOOP' })
  })
}
