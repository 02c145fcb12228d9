/** The grid of a benchmark: methods at shares of the visual tokens, beside what they have to beat. */
import { FoveaError } from '../../errors.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Ids } from '../../pipeline/method/ids.ts'
import type { Method } from '../../pipeline/method/method.ts'
import { buildMethod, parseEntry, parseMethod } from '../methods.ts'
import type { Paper } from '../paper.ts'
import { random } from '../reducer/random.ts'
import { resize } from '../reducer/resize.ts'
import { hasBudget } from '../reports/budgets.ts'

/** One subset may be lucky. */
export const SUBSETS = 3

/** A method at one share, or one whose options say how much stays. */
export interface GridArm {
  /** As it was asked for: `fastv`, `fastv:layer=3`, `visionzip+fastv`. */
  readonly label: string
  readonly keep?: number
  readonly methods: readonly Method[]
}

export interface Grid {
  readonly dense: GridArm
  /** Of each share: random subsets, and a smaller picture. */
  readonly baselines: readonly GridArm[]
  readonly own: readonly GridArm[]
}

/**
 * @param labels methods in the text form of `--method`; one that has an option `keep` and does not state it is run at each share
 * @param ids whether tokens that stay keep their positions, for all that leave the choice and do not state it; as each has it by
 *   default when absent
 * @throws FoveaError kind `usage`: `keep_invalid`, `unknown_method`, `unknown_option`, `invalid_option`, `arm_twice`
 */
export function gridOf(labels: readonly string[], keeps: readonly number[], ids?: Ids): Grid {
  for (const keep of keeps)
    if (!(keep > 0 && keep <= 1))
      throw new FoveaError(
        'keep_invalid',
        'usage',
        `a share of the tokens must lie above 0 and at most be 1, got ${keep}`,
      )
  const shares = [...new Set(keeps)].sort((a, b) => b - a)
  const twice = labels.find((label, at) => labels.indexOf(label) < at)
  if (twice !== undefined) throw new FoveaError('arm_twice', 'usage', `${twice} was given twice; name each method once`)
  return {
    dense: { label: 'dense', methods: [dense] },
    baselines: shares.flatMap((keep) => [
      randomAt(keep, ids),
      { label: 'resize', keep, methods: [buildMethod(resize, { keep })] },
    ]),
    own: labels.filter((label) => !isBaseline({ label })).flatMap((label) => armsOf(label, shares, ids)),
  }
}

const BASELINES: readonly string[] = ['dense', random.id, resize.id]

/** What is in every grid. */
export const isBaseline = ({ label }: Pick<GridArm, 'label'>): boolean => BASELINES.includes(label)

const randomAt = (keep: number, ids?: Ids): GridArm => ({
  label: random.id,
  keep,
  methods: Array.from({ length: SUBSETS }, (_, seed) => buildMethod(random, { keep, seed, ...policy(random, ids) })),
})

function armsOf(label: string, shares: readonly number[], ids?: Ids): GridArm[] {
  const isJoined = label.includes('+')
  const { entry, given } = isJoined ? { entry: undefined, given: {} } : parseEntry(label)
  if (!entry || !hasBudget(entry) || 'keep' in given) return [{ label, methods: [parseMethod(label)] }]
  return shares.map((keep) => ({
    label,
    keep,
    methods: [buildMethod(entry, { ...policy(entry, ids), ...given, keep })],
  }))
}

const policy = ({ options }: Paper, ids?: Ids) => (ids && options && 'ids' in options.shape ? { ids } : {})

/** `fastv at 25 %`. */
export const armName = ({ label, keep }: Pick<GridArm, 'label' | 'keep'>): string =>
  keep === undefined ? label : `${label} at ${Number((100 * keep).toFixed(2))} %`
