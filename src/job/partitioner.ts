/** The partition of a key among `count`, as Kafka's Java clients choose it. */
export function partitionOf(key: Uint8Array, count: number): number {
  return (murmur2(key) & 0x7fffffff) % count
}

const multiplier = 0x5bd1e995

/** Murmur2 in Kafka's form: 32 bits, seed 0x9747b28c, little-endian words. */
function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  const words = length & ~3
  let hash = 0x9747b28c ^ length
  for (let at = 0; at < words; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    word = Math.imul(word, multiplier)
    word ^= word >>> 24
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier)
  }
  const rest = length - words
  if (rest >= 3) hash ^= bytes[words + 2]! << 16
  if (rest >= 2) hash ^= bytes[words + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[words]!, multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}
