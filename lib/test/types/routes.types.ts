/** Compiled, never run: which methods may be routes. */
import { serve } from 'nbserve';

export class Right {
  @serve.get('/')
  root() {
    return 'hello';
  }
  @serve.get('/items/:id')
  async item({ id }: { id: number }) {
    return { id };
  }
  @serve.get('/items/:id/parts/:part')
  part(params: { id: number; part: string; page?: number }, request: Request) {
    return { ...params, url: request.url };
  }
  @serve.delete('/items/:id')
  async remove(params: { id: string }): Promise<void> {
    void params;
  }
  @serve.post('/items')
  async add(body: { name: string }) {
    return body.name;
  }
  @serve.put('/items/:id')
  async put(body: { name: string }, { id }: { id: string }) {
    return { id, ...body };
  }
  @serve.patch('/items/:id')
  async patch(body: { name?: string }, params: { id: string }, request: Request) {
    return { ...params, ...body, url: request.url };
  }
  @serve.post('/batched')
  @serve.batch()
  async batched(bodies: { n: number }[]): Promise<number[]> {
    return bodies.map(({ n }) => n);
  }
  @serve.get('/batched/:id')
  @serve.batch()
  async batchedItems(items: { id: number }[]): Promise<number[]> {
    return items.map(({ id }) => id);
  }
}

export class Wrong {
  // @ts-expect-error: a path begins with a slash
  @serve.get('items')
  noSlash() {
    return 1;
  }
  // @ts-expect-error: no parameter is called id
  @serve.get('/items/:id')
  otherName({ name }: { name: string }) {
    return name;
  }
  // @ts-expect-error: nothing takes id
  @serve.get('/items/:id')
  nothing() {
    return 1;
  }
  // @ts-expect-error: part is missing
  @serve.get('/items/:id/parts/:part')
  half({ id }: { id: string }) {
    return id;
  }
  // @ts-expect-error: the body comes first, then the parameters
  @serve.put('/items/:id')
  onlyParameters({ id }: { id: string }) {
    return id;
  }
  // @ts-expect-error: the second object has another name
  @serve.post('/items/:id')
  wrongSecond(body: { name: string }, { item }: { item: string }) {
    return body.name + item;
  }
  // @ts-expect-error: a field is no method
  @serve.get('/field')
  field = 1;
  // @ts-expect-error: the parameter is not the item of the path
  @serve.delete('/items/:id')
  removeOther({ key }: { key: string }) {
    return key;
  }
}

export async function stays(): Promise<void> {
  // `delete` of an application is what it was.
  const done: void = await serve.delete('name');
  void done;
  // @ts-expect-error: no such option
  serve.deployment(Right, { mpc: true });
  serve.deployment(Right, { mcp: true });
}
