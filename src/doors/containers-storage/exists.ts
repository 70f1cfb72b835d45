import { exists as existsAny, findContainer, findImage, findLayer } from '#store'
import { type Command, json } from './command.ts'
import { goMap } from './go-json.ts'

export const exists: Command = {
  names: ['exists'],
  usage: '[LayerOrImageOrContainerNameOrID [...]]',
  description: 'Check if a layer or image or container exists',
  words: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [
    { long: ['quiet'], short: 'q', kind: 'boolean', usage: "Don't print names" },
    { long: ['layer'], short: 'l', kind: 'boolean', usage: 'Only succeed if the match is a layer' },
    { long: ['image'], short: 'i', kind: 'boolean', usage: 'Only succeed if the match is an image' },
    { long: ['container'], short: 'c', kind: 'boolean', usage: 'Only succeed if the match is a container' },
    json,
  ],
  run: async ({ store, flags, words, signal, print }) => {
    const answers: Record<string, boolean> = {}
    let allMatch = true
    for (const name of words) {
      answers[name] = await existsAny(store, name, { signal })
      const matches =
        answers[name] &&
        (!flags.on('layer') || (await findLayer(store, name, { signal })) !== undefined) &&
        (!flags.on('image') || (await findImage(store, name, { signal })) !== undefined) &&
        (!flags.on('container') || (await findContainer(store, name, { signal })) !== undefined)
      allMatch &&= matches
    }
    if (flags.on('json')) print(goMap(answers))
    else if (!flags.on('quiet')) for (const [name, answer] of Object.entries(answers)) print(`${name}: ${answer}`)
    return allMatch ? 0 : 1
  },
}
