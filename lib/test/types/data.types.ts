/** Compiled, never run: the types of data sets: wrong columns, rows that functions make, batches. */
import type { Table } from 'apache-arrow';
import { type Dataset, data, type NumberColumn, type Row } from 'nbserve/data';

interface Trip {
  id: number;
  city: string;
  tip: number | null;
  day: Date;
}
const trips = data.readParquet<Trip>('trips.parquet');
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Equal<A, B>): void => {};
/** The rows of a data set. */
type RowsOf<D> = D extends Dataset<infer T> ? T : never;

export async function columns(): Promise<void> {
  const some = trips.select('id', ['city']);
  same<RowsOf<typeof some>, Pick<Trip, 'id' | 'city'>>(true);
  const less = trips.dropColumns('tip');
  same<RowsOf<typeof less>, Omit<Trip, 'tip'>>(true);
  trips.sort(['day', 'tip'], { descending: true }).limit(3).repartition(2).randomShuffle({ seed: 1 });
  const cities: string[] = await trips.unique('city');
  const day: Date | null = await trips.max('day');
  const tip: number | null = await trips.mean('tip');
  void [cities, day, tip];
  // @ts-expect-error: no such column
  trips.select('town');
  // @ts-expect-error: it is left out
  less.select('tip');
  // @ts-expect-error: no such column
  trips.sort('Tip');
  // @ts-expect-error: no such column
  trips.unique('days');
  // @ts-expect-error: no such column
  trips.groupby('town');
  // @ts-expect-error: no such column
  trips.groupby('city').mean('tips');
  // @ts-expect-error: no such column
  trips.sum('tips');
  // @ts-expect-error: no such option
  trips.sort('tip', { order: 'desc' });
  // @ts-expect-error: a limit is a number
  trips.limit('3');
}

export async function rows(): Promise<void> {
  const [row] = await trips.take(1);
  same<typeof row, Trip | undefined>(true);
  const mapped = trips.map(async ({ id, tip }) => ({ id, share: (tip ?? 0) / 2 }));
  same<RowsOf<typeof mapped>, { id: number; share: number }>(true);
  const several = trips.flatMap(({ id, city }) => Array.from(city, (letter) => ({ id, letter })));
  same<RowsOf<typeof several>, { id: number; letter: string }>(true);
  const kept = trips.filter(({ tip }) => tip !== null);
  same<RowsOf<typeof kept>, Trip>(true);
  const items = data.fromItems([1, 2]);
  same<RowsOf<typeof items>, { item: number }>(true);
  const ids = data.range(3);
  same<RowsOf<typeof ids>, { id: number }>(true);
  for await (const { city } of trips) city satisfies string;
  const anything = data.readCsv('x.csv');
  same<RowsOf<typeof anything>, Row>(true);
  // Without a type, a column may have any name and type.
  const free: string = (await anything.take(1))[0]?.name;
  void free;
  // @ts-expect-error: no such column
  trips.map(({ town }) => ({ town }));
  // @ts-expect-error: a row is an object
  trips.map(({ id }) => id);
  // @ts-expect-error: the new rows have no tip
  mapped.filter(({ tip }) => tip > 1);
  // @ts-expect-error: a list of rows
  trips.flatMap(({ id }) => id);
  // @ts-expect-error: the type of each column is known
  trips.map(({ day }) => ({ day: day.length }));
}

export async function batches(): Promise<void> {
  const { id, city, tip } = await trips.takeBatch(2);
  same<typeof id, NumberColumn>(true);
  same<typeof city, string[]>(true);
  same<typeof tip, (number | null)[]>(true);
  const rated = trips.mapBatches((batch) => ({ id: batch.id, price: Float64Array.from(batch.id, (n) => n * 2) }));
  same<RowsOf<typeof rated>, { id: number; price: number }>(true);
  const streamed = trips.mapBatches(async function* (batch) {
    for (const name of batch.city) yield { name: [name] };
  });
  same<RowsOf<typeof streamed>, { name: string }>(true);
  class Scale {
    constructor(
      readonly factor: number,
      readonly unit = 'km',
    ) {}
    call(batch: { id: NumberColumn }) {
      return { far: Array.from(batch.id, (n) => n > this.factor) };
    }
  }
  const scaled = trips.mapBatches(Scale, { fnConstructorArgs: [3], concurrency: 2, resources: { gpu: 0.1 } });
  same<RowsOf<typeof scaled>, { far: boolean }>(true);
  trips.groupby('city').mapGroups(Scale, { fnConstructorArgs: [3, 'mi'] });
  for await (const batch of trips.iterBatches({ batchSize: 4, dropLast: true })) batch.day satisfies Date[];
  const longest = trips.groupby('city').mapGroups((group) => ({ city: group.city.slice(0, 1), rows: [group.id.length] }));
  same<RowsOf<typeof longest>, { city: string; rows: number }>(true);
  // @ts-expect-error: no such column
  trips.mapBatches(({ town }) => ({ town }));
  // @ts-expect-error: columns are arrays
  trips.mapBatches((batch) => ({ rows: batch.id.length }));
  // @ts-expect-error: a number
  trips.mapBatches(Scale, { fnConstructorArgs: ['3'] });
  // @ts-expect-error: it needs the factor
  trips.mapBatches(Scale, { fnConstructorArgs: [] });
  class Lost {
    call(batch: { town: string[] }) {
      return batch;
    }
  }
  // @ts-expect-error: it wants a column that there is not
  trips.mapBatches(Lost);
  // @ts-expect-error: no such option
  trips.mapBatches((batch) => batch, { batch_size: 3 });
}

export async function several(): Promise<void> {
  const zones = data.fromItems([{ city: 'Rome', zone: 1 }]);
  const joined = trips.join(zones, { on: 'city', how: 'left' });
  const zone: number | null | undefined = (await joined.take(1))[0]?.zone;
  const inner = trips.select('id', 'city').join(zones, { on: 'city' });
  same<RowsOf<typeof inner>, { city: string; id: number; zone: number }>(true);
  const full = trips.select('id', 'city').join(data.fromItems([{ id: 1, city: 'Rome' }]), { on: ['id'], how: 'full' });
  same<RowsOf<typeof full>, { id: number; city: string | null; city_right: string | null }>(true);
  const semi = trips.join(zones, { on: 'city', how: 'semi' });
  same<RowsOf<typeof semi>, Trip>(true);
  const free = trips.join(data.readCsv('x.csv'), { on: 'city' });
  same<RowsOf<typeof free>, Row>(true);
  const zipped = trips.select('city').zip(zones);
  same<RowsOf<typeof zipped>, { city: string; city_1: string; zone: number }>(true);
  const means = trips.groupby('city').mean('tip');
  same<RowsOf<typeof means>, { city: string } & { 'mean(tip)': number | null }>(true);
  const both: { id: number } | undefined = (await trips.zip(zones).take(1))[0];
  const [training, rest] = trips.trainTestSplit({ testSize: 0.3, shuffle: true });
  same<RowsOf<typeof training>, Trip>(true);
  await rest.writeArrow('rest.arrow', { overwrite: true });
  void [zone, both];
  // @ts-expect-error: there may be no zone
  (await joined.take(1))[0]?.zone.toFixed();
  // @ts-expect-error: only rows of the left side
  (await semi.take(1))[0]?.zone;
  // @ts-expect-error: only the left side has it
  trips.join(zones, { on: 'tip' });
  // @ts-expect-error: no such kind
  trips.join(zones, { on: 'city', how: 'outer' });
  // @ts-expect-error: no such option
  trips.writeCsv('x.csv', { force: true });
}

export async function arrow(table: Table): Promise<void> {
  const typed: Table = await trips.toArrow<Table>();
  const plain = await trips.toArrow();
  plain.numRows satisfies number;
  const again = data.fromArrow<Trip>(typed);
  same<RowsOf<typeof again>, Trip>(true);
  data.fromArrow(table);
  data.fromArrow(plain);
  data.readArrow<Trip>(['a.arrow', 'b.arrow'], { columns: ['id'], includePaths: true });
  // @ts-expect-error: rows are no table
  data.fromArrow([{ id: 1 }]);
  // @ts-expect-error: the name of the type is Table
  await trips.toArrow<string>();
}
