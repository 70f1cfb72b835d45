import type { Image } from '#model'

/**
 * An image with these names. Each of them moves to the front of the history in turn, so that the last one ends up first (spec/store §5.5).
 */
export function namedAnew(image: Image, names: readonly string[]): Image {
  const unique = [...new Set(names)]
  let history = image.namesHistory
  for (const name of unique) history = [name, ...history.filter((other) => other !== name)]
  return { ...image, names: unique, namesHistory: history }
}
