/**
 * The views of one thing, beside each other.
 * @module
 */

interface TabsProps {
  label: string;
  tabs: readonly [label: string, url: string, isHere: boolean][];
}

export function Tabs({ label, tabs }: TabsProps) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(([text, url, isHere]) => (
        <a key={text} class="navlink" href={url} aria-current={isHere ? "page" : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}
