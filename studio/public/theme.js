// Before anything is drawn, so that a page that was switched to dark does not flash.
try {
  const theme = localStorage.getItem('fovea-theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {}
