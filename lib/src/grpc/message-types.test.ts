import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageTypes } from './message-types.js';
import { findPackages, loadProtobuf } from './packages.js';

const packages = findPackages(import.meta.dirname);
const PROTO = `syntax = "proto3"; package p;
message Time { int64 seconds = 1; }
message One { string text = 1; }
enum Heat { COLD = 0; HOT = 1; }
message All {
  string text = 1; int32 small = 2; uint64 big = 3; double real = 4; bool is_true = 5; bytes raw = 6;
  Heat heat = 7; One one = 8; repeated float vector = 9; map<string, int32> counts = 10; map<int32, One> ones = 11;
  repeated One list = 12; google.protobuf.Timestamp at = 13; oneof side { string salad = 14; int32 fries = 15; }
  map<bool, string> flags = 16; repeated int64 ids = 17; optional int32 maybe = 18;
  map<string, Deep> deep = 19; google.protobuf.Any any = 20; repeated google.protobuf.Any anys = 21;
  map<int64, string> longs = 22; map<uint64, Longs> unsigned = 23;
}
message Longs { map<sint64, int32> zigzag = 1; map<fixed64, string> fixed = 2; map<sfixed64, bool> signed_fixed = 3; }
message Deep { optional string maybe = 1; Deep next = 2; repeated Deep list = 3; map<string, Deep> by_name = 4; }`;
const GOOGLE = `syntax = "proto3"; package google.protobuf;
message Timestamp { int64 seconds = 1; int32 nanos = 2; } message Any { string type_url = 1; bytes value = 2; }`;

const { parse, Root } = loadProtobuf(packages);
const root = new Root();
parse(GOOGLE, root, { keepCase: true });
parse(PROTO, root);
const types = new MessageTypes({ packages, types: root.toJSON(), ownTypes: {} });

const sent = (value: object): Readonly<Record<string, unknown>> => types.decode('p.All', types.encode('p.All', value));
const refusal = (value: unknown): string => {
  try {
    types.encode('p.All', value);
  } catch (error) {
    assert.ok(error instanceof TypeError, String(error));
    return error.message;
  }
  return assert.fail(`sent: ${JSON.stringify(sent(value as object))}`);
};

test('values of JavaScript that protobuf has in another form are converted', () => {
  const all = sent({
    counts: new Map([['a', 1]]),
    ones: new Map([[-3, { text: 'x' }]]),
    at: new Date(-1),
    raw: Uint8Array.from([1, 2]).buffer,
    vector: Float32Array.from([1.5, -2]),
    big: 2n ** 64n - 1n,
  });
  assert.deepEqual(all.counts, { a: 1 });
  assert.deepEqual(all.ones, { '-3': { text: 'x' } });
  assert.deepEqual(all.at, { seconds: '-1', nanos: 999_000_000 });
  assert.deepEqual([...(all.raw as Buffer)], [1, 2]);
  assert.deepEqual(all.vector, [1.5, -2]);
  assert.equal(all.big, '18446744073709551615');
  assert.deepEqual([...(sent({ raw: Uint16Array.from([258]) }).raw as Buffer)], [2, 1]);
  assert.deepEqual([...(sent({ raw: 'AQI=' }).raw as Buffer)], [1, 2]);
});

test('a message that came in can be returned, and nothing is an empty field', () => {
  const given = {
    text: 'a',
    small: -1,
    real: 0.5,
    isTrue: true,
    heat: 'HOT',
    one: { text: 'b' },
    list: [{ text: 'c' }],
    salad: 'd',
  };
  const all = sent(given);
  assert.deepEqual({ ...all, ...given }, all);
  assert.deepEqual(sent(all), all);
  assert.equal(sent({ text: null, small: undefined, unknown: undefined }).text, '');
  assert.equal(types.encode('p.All', undefined).length, 0);
  assert.deepEqual([sent({ small: '12' }).small, sent({ heat: 1 }).heat, sent({ real: 'NaN' }).real], [12, 'HOT', Number.NaN]);
});

test('a value that does not have the form of its field is an error that names the field', () => {
  const wrong: [unknown, RegExp][] = [
    [[], /^the result must be an object of the form of p\.All, and it is an array$/],
    [new Map(), /^the result must be an object/],
    ['x', /^the result must be an object of the form of p\.All, and it is "x"$/],
    [{ smal: 1 }, /^the result has smal, which is no field of p\.All; its fields are text, small, /],
    [{ is_true: true }, /^the result has is_true, /],
    [{ list: [{}, { txt: '' }] }, /^list\[1\] of the result has txt, which is no field of p\.One; its fields are text$/],
    [{ small: 'abc' }, /^small of the result must be an integer of the range of int32, and it is "abc"$/],
    [{ small: 1.5 }, /^small of the result/],
    [{ small: 2 ** 31 }, /^small of the result/],
    [{ big: -1 }, /^big of the result must be an integer of the range of uint64, and it is -1$/],
    [{ real: 'abc' }, /^real of the result must be a number/],
    [{ real: true }, /^real of the result must be a number/],
    [{ isTrue: 'false' }, /^isTrue of the result must be true or false/],
    [{ text: {} }, /^text of the result must be a text, and it is an object of the class Object$/],
    [{ heat: 'WARM' }, /^heat of the result must be one of COLD, HOT, and it is "WARM"$/],
    [{ raw: 'a b' }, /^raw of the result must be bytes/],
    [{ raw: [256] }, /^raw of the result must be bytes/],
    [{ one: 'x' }, /^one of the result must be an object of the form of p\.One/],
    [{ vector: new BigInt64Array(1) }, /^vector\[0\] of the result must be a number, and it is 0$/],
    [{ vector: [1, null] }, /^vector\[1\] of the result must be a number, and it is null$/],
    [{ vector: new Set([1]) }, /^vector of the result must be an array, and it is an object of the class Set$/],
    [{ counts: [1] }, /^counts of the result must be an object or a Map/],
    [{ counts: { a: 'b' } }, /^counts\["a"\] of the result must be an integer/],
    [{ ones: { x: {} } }, /^the key of ones\["x"\] of the result must be an integer/],
    [{ at: new Date('no') }, /^at of the result is an invalid Date$/],
    [{ salad: 'a', fries: 1 }, /^the result has salad and fries, of which side allows only one$/],
    [{ flags: { no: 'a' } }, /^the key of flags\["no"\] of the result must be true or false, and it is "no"$/],
    [
      { ids: new Array(2).fill(1, 0, 1) },
      /^ids\[1\] of the result must be an integer of the range of int64, and it is undefined$/,
    ],
    [{ vector: new Array(2).fill(1, 0, 1) }, /^vector\[1\] of the result must be a number, and it is undefined$/],
    [{ ids: [1, 2 ** 63] }, /^ids\[1\] of the result must be an integer of the range of int64/],
    [
      { any: { '@type': 'type.googleapis.com/p.On', text: 'x' } },
      /^any\.@type of the result is "type\.googleapis\.com\/p\.On", which is no message type of the proto files; theirs are p\.Time, p\.One, /,
    ],
    [{ any: { '@type': 'type.googleapis.com/One', text: 'x' } }, /^any\.@type of the result is .*, which is no message type/],
    [{ any: { '@type': 'type.googleapis.com/p.Heat' } }, /^any\.@type of the result is .*, which is no message type/],
    [{ any: { '@type': 7 } }, /^any\.@type of the result must be the name of a message type, .*, and it is 7$/],
    [{ any: { '@type': undefined, text: 'x' } }, /^any of the result has text, which is no field of google\.protobuf\.Any/],
    [{ one: { '@type': 'type.googleapis.com/p.One' } }, /^one of the result has @type, which is no field of p\.One/],
    [{ any: { '@type': 'type.googleapis.com/p.One', txt: 'x' } }, /^any of the result has txt, which is no field of p\.One/],
    [
      { anys: [{}, { '@type': 'type.googleapis.com/p.All', small: 'abc' }] },
      /^anys\[1\]\.small of the result must be an integer of the range of int32, and it is "abc"$/,
    ],
    [{ longs: { x: 'y' } }, /^the key of longs\["x"\] of the result must be an integer/],
    [{ at: '2024-01-01' }, /^at of the result must be an object of the form of google\.protobuf\.Timestamp/],
  ];
  for (const [value, message] of wrong) assert.match(refusal(value), message);
});

test('the keys of a map may be true and false', () => {
  const flags = { true: 'on', false: 'off' };
  assert.deepEqual(sent({ flags }).flags, flags);
  assert.deepEqual(sent({ flags: new Map(Object.entries(flags).map(([key, text]) => [key === 'true', text])) }).flags, flags);
  assert.deepEqual(sent(sent({ flags })).flags, flags);
});

test('the keys of a map may be integers of 64 bits', () => {
  const longs = { '7': 'a', '-1': 'b', '0': 'c', '12345678': 'd', '-9223372036854775808': 'e', '9223372036854775807': 'f' };
  const zigzag = { '-2': 1, '-9223372036854775808': 2 };
  const inner = { zigzag, fixed: { '18446744073709551615': 'x' }, signedFixed: { '-3': true } };
  const unsigned = { '18446744073709551615': inner, '9223372036854775808': { ...inner, zigzag: {} } };
  const all = sent({ longs, unsigned });
  assert.deepEqual(all.longs, longs);
  assert.deepEqual(all.unsigned, unsigned);
  assert.deepEqual(sent(all), all);
  assert.deepEqual(sent({ longs: new Map([[2n ** 62n, 'a']]) }).longs, { [String(2n ** 62n)]: 'a' });
  // A client may leave out a key or a value that is 0.
  assert.deepEqual(types.decode('p.All', Buffer.from('b20100', 'hex')).longs, { '0': '' });
});

test('what a message of any type holds is packed, and one that came in can be returned', () => {
  const type = 'type.googleapis.com/p.All';
  const { any } = sent({ any: { '@type': type, big: 2n ** 64n - 1n, counts: new Map([['a', 1]]), real: 'NaN' } });
  const { type_url, value } = any as { type_url: string; value: Buffer };
  assert.equal(type_url, type);
  const inner = types.decode('p.All', value);
  assert.deepEqual([inner.big, inner.counts, inner.real], ['18446744073709551615', { a: 1 }, Number.NaN]);
  assert.deepEqual(sent({ any }).any, any);
  const nested = { '@type': 'type.googleapis.com/google.protobuf.Timestamp', seconds: 7 };
  const { anys } = sent({ anys: [{ '@type': type, any: nested }, {}] });
  const [outer, none] = anys as { type_url: string; value: Buffer }[];
  assert.deepEqual({ ...none }, { type_url: '', value: Buffer.alloc(0) });
  const held = types.decode('p.All', outer?.value as Buffer).any as { value: Buffer };
  assert.equal(types.decode('google.protobuf.Timestamp', held.value).seconds, '7');
});

test('long lists of integers are passed on as they are', () => {
  const ids = [0, -1, Number.MAX_SAFE_INTEGER, '9223372036854775807', -(2n ** 63n), 2 ** 62];
  assert.deepEqual(
    sent({ ids }).ids,
    ids.map((id) => String(BigInt(id))),
  );
  assert.deepEqual(sent({ ids: Int32Array.from([1, -2]), small: -0, maybe: 1 }).ids, ['1', '-2']);
});

test('a field that is not set has its default value; an optional one and a message are absent', () => {
  const empty = { text: '', small: 0, big: '0', real: 0, isTrue: false, raw: Buffer.alloc(0), heat: 'COLD' };
  const none = { vector: [], counts: {}, ones: {}, list: [], flags: {}, ids: [], deep: {}, anys: [], longs: {}, unsigned: {} };
  assert.deepEqual(sent({}), { ...empty, ...none });
  assert.deepEqual(sent({ maybe: 0, fries: 0, one: {} }), {
    ...empty,
    ...none,
    maybe: 0,
    fries: 0,
    side: 'fries',
    one: { text: '' },
  });
  const inner = { maybe: 'x', next: { list: [{}], byName: { a: {} } } };
  const rest = { list: [], byName: {} };
  assert.deepEqual(types.decode('p.Deep', types.encode('p.Deep', inner)), {
    ...rest,
    maybe: 'x',
    next: { list: [rest], byName: { a: rest } },
  });
});
