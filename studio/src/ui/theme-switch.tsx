import { useState } from 'react'

const NAME = 'fovea-theme'
type Theme = 'light' | 'dark'

/** What is shown now: what was chosen, else what the system is set to. */
function shown(): Theme {
  const chosen = document.documentElement.dataset.theme
  if (chosen === 'light' || chosen === 'dark') return chosen
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

export function ThemeSwitch() {
  const [theme, setTheme] = useState(shown)
  const other = theme === 'dark' ? 'light' : 'dark'
  const change = () => {
    document.documentElement.dataset.theme = other
    localStorage.setItem(NAME, other)
    setTheme(other)
    dispatchEvent(new Event('themechange'))
  }
  return (
    <button type="button" className="quiet icon" onClick={change} aria-label={`Switch to ${other}`}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" strokeWidth="1.6" />
        <path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor" />
      </svg>
    </button>
  )
}
