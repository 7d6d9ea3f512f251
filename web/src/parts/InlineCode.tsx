/** A text in which `…` marks code, as in Rust's documentation comments. */
export function InlineCode({ text }: { text: string }) {
  const parts = text.split('`');
  return parts.map((part, index) =>
    index % 2 === 1 && index < parts.length - 1 ? <code key={index}>{part}</code> : part,
  );
}
