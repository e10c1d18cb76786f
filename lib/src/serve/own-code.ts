/** Stands for code of nbserve itself: a worker that needs no code of the user's. Its wrapper says what it runs. */
export class OwnCode {}
