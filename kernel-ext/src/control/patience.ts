import { patience } from 'nbserve/basics';

/** Like `patience`. @returns a function that begins the wait, or begins it anew */
export function renewedPatience(ms: number, over: () => void): () => void {
  let stop = (): void => {};
  return () => {
    stop();
    stop = patience(ms, over);
  };
}
