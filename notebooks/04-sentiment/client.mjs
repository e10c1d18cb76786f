// Asks a running classifier about texts:
// node 04-sentiment/client.mjs http://127.0.0.1:8000 "a text" "another one"
const [url, ...texts] = process.argv.slice(2);
for (const text of texts) {
  const query = new URLSearchParams({ input_text: text });
  const response = await fetch(`${url}/classify?${query}`, { method: 'POST' });
  console.log(response.status, text, '→', await response.text());
}
