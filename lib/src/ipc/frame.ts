/**
 * A frame is the unit of the protocol. Its header has 12 bytes, little-endian: u32 payload length, u8 type, u8 flags, u16 length of the head, u32
 * stream.
 * The payload follows: the head (JSON), then body bytes.
 */
export const FrameType = {
  /** Opens a stream. The head is a CallHead; as much of the body as fits comes with it. */
  REQUEST: 1,
  /** User code begins to run. */
  STARTED: 2,
  /** The head is a ResponseHead; as much of the body as fits comes with it. */
  RESPONSE: 3,
  /** More of the body, of the request or of the answer. */
  DATA: 4,
  /** Grants credit. The body is a number of bytes (u32). */
  WINDOW: 5,
  /** The caller cancels the call. The payload is the reason. */
  CANCEL: 6,
  /** The call failed. The payload is a WireError as JSON, in several frames if it is large. */
  ERROR: 7,
  /** The payload is a Notification as JSON, in several frames if it is large. */
  NOTIFY: 8,
  /** The caller asks the peer to keep the answer, if it is large, for another process. */
  KEEP: 9,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

const LAST_TYPE = FrameType.KEEP;

export const Flag = {
  NONE: 0,
  /** The body ends with this frame. */
  END: 1,
  /** The text continues in the next frame of this type and stream. */
  MORE: 2,
} as const;

export const HEADER_BYTES = 12;
/** Largest payload of one frame: head and body together. */
export const MAX_PAYLOAD = 64 * 1024;
/** Largest head; its length must fit in 16 bits. */
export const MAX_HEAD = MAX_PAYLOAD - 1;
/** Largest number of body bytes that may be in flight in one direction of one stream. */
export const WINDOW_BYTES = 256 * 1024;
/** A receiver grants credit for consumed bytes in steps of at least this size. */
export const GRANT_STEP = 64 * 1024;
/** A body of known length that is not larger than this arrives as one piece. */
export const WHOLE_BODY_MAX = 1024 * 1024;

/** The fault of a header, or null. */
export function headerFault(type: number, payload: number, head: number): string | null {
  if (type < 1 || type > LAST_TYPE) return `unknown frame type ${type}`;
  if (payload > MAX_PAYLOAD) return `a frame of ${payload} bytes, over the limit of ${MAX_PAYLOAD}`;
  if (head > payload) return `a head of ${head} bytes in a frame of ${payload}`;
  return null;
}
