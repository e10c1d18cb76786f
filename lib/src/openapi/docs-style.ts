/** The style of the page of `/docs`, in light and dark. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #2a7; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
header p { margin: .2rem 0 1rem; }
h2 { font-size: 1.1rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; }
summary { cursor: pointer; padding: .4rem .7rem; }
details > div { padding: 0 .9rem .9rem; }
code, pre, textarea, input { font: 13px/1.45 ui-monospace, monospace; }
pre { background: var(--soft); padding: .6rem; overflow: auto; border-radius: 4px; white-space: pre-wrap; max-height: 30rem; }
textarea { width: 100%; min-height: 6rem; }
input { width: 100%; max-width: 26rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-top: 1px solid var(--line); }
.method { display: inline-block; min-width: 4.6rem; font-weight: 700; color: var(--accent); text-transform: uppercase; }
.needed { color: #c33; }
.deprecated { text-decoration: line-through; }
button { font: inherit; padding: .3rem 1rem; margin: .6rem 0; cursor: pointer; }
`;
