/** A member that nbserve adds to the web-standard `Request` of a deployment. */
declare global {
  interface Request {
    /** The query of the URL: the first value of each name. `request.query.txt` of `/?txt=hello` is `'hello'`. */
    readonly query: Readonly<Record<string, string>>;
  }
}

export type ServeRequest = Request;
