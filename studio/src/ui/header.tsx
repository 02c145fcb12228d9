import { Link } from '../router.tsx'
import { ThemeSwitch } from './theme-switch.tsx'

const PLACES = [
  { to: '/papers', name: 'Papers', isHere: (path: string) => path === '/' || path.startsWith('/papers') },
  { to: '/playground', name: 'Playground', isHere: (path: string) => path === '/playground' },
  { to: '/compare', name: 'Compare', isHere: (path: string) => path === '/compare' },
]

export function Header({ path }: { path: string }) {
  return (
    <header className="top">
      <Link to="/papers" className="wordmark">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <circle cx="16" cy="16" r="14" opacity=".4" />
          <circle cx="16" cy="16" r="9" opacity=".7" />
          <circle cx="16" cy="16" r="4" className="dot" />
        </svg>
        Fovea
      </Link>
      <nav aria-label="Pages">
        {PLACES.map(({ to, name, isHere }) => (
          <Link key={to} to={to} aria-current={isHere(path) ? 'page' : undefined}>
            {name}
          </Link>
        ))}
      </nav>
      <ThemeSwitch />
    </header>
  )
}
