import { createRequire } from 'node:module'
import { FoveaError } from '../errors.ts'
import { type Art, createArt, type IconSet } from './things/art.ts'
import { VENDORS, type Vendor } from './things/table.ts'

/** The versions that the names of the World were chosen from. */
export const ART_VERSIONS: Readonly<Record<Vendor, string>> = {
  noto: '1.2.9',
  'fluent-emoji-flat': '1.2.6',
  fxemoji: '1.2.2',
}

type Load = (path: string) => unknown

const packageOf = (vendor: Vendor): string => `@iconify-json/${vendor}`

function loadSet(vendor: Vendor, load: Load): IconSet {
  const { version } = load(`${packageOf(vendor)}/package.json`) as { version?: string }
  const wanted = ART_VERSIONS[vendor]
  if (version === wanted) return load(`${packageOf(vendor)}/icons.json`) as IconSet
  const advice = `npm install --save-dev --save-exact ${packageOf(vendor)}@${wanted}`
  const message = `The things of the World were drawn with ${packageOf(vendor)} ${wanted}, but ${version} is installed: ${advice}`
  throw new FoveaError('world-art-version', 'resource', message)
}

/**
 * The drawings of the three packages. Throws FoveaError kind `resource`: `package_missing`, which says what to install, and
 * `world-art-version` for another version than the names were chosen from.
 * @param load reads a module of a package, such as a `require`
 */
export function loadArt(load: Load): Art {
  try {
    return createArt(Object.fromEntries(VENDORS.map((vendor) => [vendor, loadSet(vendor, load)])))
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code !== 'MODULE_NOT_FOUND' || !message.includes('@iconify-json/')) throw error
    const packages = VENDORS.map((vendor) => `${packageOf(vendor)}@${ART_VERSIONS[vendor]}`)
    const text = `Things are drawn from packages that Fovea does not install by itself: npm install --save-dev --save-exact ${packages.join(' ')}`
    throw new FoveaError('package_missing', 'resource', text, { cause: error })
  }
}

let loaded: Art | undefined

/** The drawings of the packages in node_modules, read once; throws as `loadArt` does. */
export function nodeArt(): Art {
  loaded ??= loadArt(createRequire(import.meta.url))
  return loaded
}
