/** Whether a name means GGUF files; what reads them is imported only then. */
import { readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'

export const isGguf = (name: string): boolean => extname(name).toLowerCase() === '.gguf'

/** The GGUF files of a folder, in order; none where it is no folder or holds weights that need no conversion. */
export async function ggufFilesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  if (names.some((name) => name.endsWith('.safetensors'))) return []
  return names
    .filter(isGguf)
    .sort()
    .map((name) => join(folder, name))
}

/** A `.gguf` file, or a folder that holds such files and no weights in another form. */
export const meansGguf = async (name: string): Promise<boolean> => isGguf(name) || (await ggufFilesOf(name)).length > 0
