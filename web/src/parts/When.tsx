import { useFormat } from '../app/format';

/** A time as one says it, with the exact one behind it. */
export function When({ at }: { at: string }) {
  const format = useFormat();
  return (
    <time dateTime={at} title={format.time(at)}>
      {format.ago(at)}
    </time>
  );
}
