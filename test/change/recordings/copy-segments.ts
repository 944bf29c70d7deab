import { copyFile, mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'

/** Copies a connector's topics, as a stopped broker left them, into the folder of this name beside this file. */
export async function copySegments(brokerData: string, prefix: string, database: string): Promise<void> {
  const target = path.join(import.meta.dirname, prefix)
  await rm(target, { recursive: true, force: true })
  for (const partition of await readdir(brokerData)) {
    const isTable = partition.startsWith(`${prefix}.${database}.`)
    if (!isTable && !new RegExp(`^${prefix}(\\.transaction)?-\\d+$`).test(partition)) continue
    await mkdir(path.join(target, partition), { recursive: true })
    for (const file of await readdir(path.join(brokerData, partition))) {
      if (file.endsWith('.log'))
        await copyFile(path.join(brokerData, partition, file), path.join(target, partition, file))
    }
  }
}
