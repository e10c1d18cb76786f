/** What nbserve adds to the web-standard `Request` that a deployment gets. */
declare global {
  interface Request {
    /** The URL's query, the first value of each name: `request.query.txt` of `/?txt=hello` is `'hello'`. */
    readonly query: Readonly<Record<string, string>>;
  }
}

export type ServeRequest = Request;
