/**
 * Frames, the unit of the wire. 12 bytes of header, little-endian: u32 payload length, u8 type, u8 flags, u16 length of the head, u32 stream;
 * then the payload: the head (JSON), then body bytes.
 */
export const FrameType = {
  /** Opens a stream: head = CallHead, and the body as far as it fits. */
  REQUEST: 1,
  /** User code begins. */
  STARTED: 2,
  /** head = ResponseHead, and the body as far as it fits. */
  RESPONSE: 3,
  /** More body, of the request or the answer. */
  DATA: 4,
  /** Grants credit: the body is a u32 number of bytes. */
  WINDOW: 5,
  /** The caller left; the payload is the reason. */
  CANCEL: 6,
  /** The answer is an error: the payload is a WireError as JSON, over several frames if large. */
  ERROR: 7,
  /** The payload is a Notification as JSON, over several frames if large. */
  NOTIFY: 8,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

const LAST_TYPE = FrameType.NOTIFY;

export const Flag = {
  NONE: 0,
  /** The body ends with this frame. */
  END: 1,
  /** The text goes on in the next frame of this type and stream. */
  MORE: 2,
} as const;

export const HEADER_BYTES = 12;
/** Payload of one frame, head and body together. */
export const MAX_PAYLOAD = 64 * 1024;
/** A u16 holds its length. */
export const MAX_HEAD = MAX_PAYLOAD - 1;
/** Bytes of body that may be under way in one direction of one stream. */
export const WINDOW_BYTES = 256 * 1024;
/** Consumed bytes are granted again in steps of this size. */
export const GRANT_STEP = 64 * 1024;
/** Bodies of known length up to this arrive as one piece. */
export const WHOLE_BODY_MAX = 1024 * 1024;

/** What is wrong with a header, or null. */
export function headerFault(type: number, payload: number, head: number): string | null {
  if (type < 1 || type > LAST_TYPE) return `unknown frame type ${type}`;
  if (payload > MAX_PAYLOAD) return `a frame of ${payload} bytes, over the limit of ${MAX_PAYLOAD}`;
  if (head > payload) return `a head of ${head} bytes in a frame of ${payload}`;
  return null;
}
