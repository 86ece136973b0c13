// Figures carry their colours in Python: tell it when the reader's light or dark setting changes, so it draws anew.
export default function ({ setStateValue }) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const tell = () => setTimeout(() => setStateValue("dark", dark.matches), 300);
  dark.addEventListener("change", tell);
  return () => dark.removeEventListener("change", tell);
}
