/** Packing as a host would do it, row by row: what the graph is held against. */
import type { PackedSlot, PatchShare } from '../../../src/models/views/prompt-form.ts'
import type { EncodedView } from '../../../src/pipeline/flow/encoded-view.ts'
import { f32 } from '../../../src/runtime/index.ts'

/**
 * All views of an image as one run of tokens, in the order of `slots`. A token that stands for several patches comes
 * where the first of them does; one whose patches have no slot is left out, and so is the separator of a row whose
 * tokens are all gone.
 */
export function packOnHost(
  views: readonly EncodedView[],
  slots: readonly PackedSlot[],
  separator: Float32Array,
): Pick<EncodedView, 'embeds' | 'owner'> {
  const width = views[0].embeds.dims[1]
  const placed = views.map((view) => new Array<number>(view.embeds.dims[0]).fill(-1))
  const rows: Float32Array[] = []
  let [placesInRow, tokensInRow] = [0, 0]
  for (const slot of slots) {
    if (slot === 'separator') {
      if (tokensInRow > 0 || placesInRow === 0) rows.push(separator)
      placesInRow = tokensInRow = 0
      continue
    }
    const shares = sharesOf(views, slot)
    placesInRow++
    if (shares.length > 0) tokensInRow++
    const fresh = shares.filter(({ view, token }) => placed[view][token] < 0)
    if (fresh.length === 0 && shares.length <= 1) continue
    for (const { view, token } of fresh) placed[view][token] = rows.length
    rows.push(mixed(views, shares, width))
  }
  const owner = views.flatMap((view, index) => view.owner.map((token) => (token < 0 ? -1 : placed[index][token])))
  return { embeds: joinRows(rows, width), owner }
}

function joinRows(rows: readonly Float32Array[], width: number) {
  const data = new Float32Array(rows.length * width)
  for (const [at, row] of rows.entries()) data.set(row, at * width)
  return f32([rows.length, width], data)
}

interface TokenShare {
  readonly view: number
  readonly token: number
  readonly weight: number
}

/** The tokens that are left of a place, each once. */
function sharesOf(views: readonly EncodedView[], slot: readonly PatchShare[]): TokenShare[] {
  const shares = new Map<string, TokenShare>()
  for (const { view, patch, weight } of slot) {
    const token = views[view].owner[patch]
    if (token < 0) continue
    const known = shares.get(`${view},${token}`)?.weight ?? 0
    shares.set(`${view},${token}`, { view, token, weight: known + weight })
  }
  return [...shares.values()]
}

/** The weighted mean of tokens; a token alone is itself. */
function mixed(views: readonly EncodedView[], shares: readonly TokenShare[], width: number): Float32Array {
  const rowOf = ({ view, token }: TokenShare) => views[view].embeds.data.subarray(token * width, (token + 1) * width)
  if (shares.length === 1) return rowOf(shares[0])
  const total = shares.reduce((sum, { weight }) => sum + weight, 0)
  const mean = new Float32Array(width)
  for (const share of shares) {
    const row = rowOf(share)
    for (let i = 0; i < width; i++) mean[i] += (row[i] * share.weight) / total
  }
  return mean
}
