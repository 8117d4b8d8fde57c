/** Style and script of the page. Their hashes are in its policy. */

export const STYLE = `
:root{color-scheme:dark light;--ground:#0b1019;--card:#131a26;--line:#263044;--text:#e8edf6;--dim:#9aa7bd;--held:#f2b544;--queue:#7aa7ff;--ready:#38c793;--bad:#ff8f87}
@media (prefers-color-scheme:light){:root{--ground:#f3f5f9;--card:#fff;--line:#d8deea;--text:#16202f;--dim:#55617a;--held:#8a5600;--queue:#2456c9;--ready:#0b6e4a;--bad:#b42318}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1280px;padding:20px 16px 40px;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,sans-serif}
h1{font-size:22px;margin:0 0 12px}
dl{display:flex;flex-wrap:wrap;gap:8px 24px;margin:0 0 16px}
dl div{min-width:0}
dt{color:var(--dim);font-size:13px}
dd{margin:0}
table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line)}
caption{text-align:left;color:var(--dim);padding:4px 0}
th,td{padding:6px 8px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
thead th{font-size:13px;color:var(--dim);font-weight:600}
tbody th{font-weight:600;overflow-wrap:anywhere;min-width:9em}
.number,tbody td:nth-child(2){white-space:nowrap}
.number{text-align:right;font-variant-numeric:tabular-nums}
.waking td:nth-child(2),.probing td:nth-child(2){color:var(--held)}
.ready td:nth-child(2){color:var(--ready)}
.bad{color:var(--bad);overflow-wrap:anywhere}
.start{display:flex;align-items:center;gap:8px;white-space:nowrap}
svg .wakeMs{fill:var(--held)}svg .addressMs{fill:var(--queue)}svg .podReadyMs{fill:var(--dim)}svg .readyMs{fill:var(--ready)}
td form{display:inline-block;margin:0 4px 4px 0}
button,input{font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:4px;padding:2px 10px;min-height:28px}
button:focus-visible,input:focus-visible{outline:2px solid var(--queue);outline-offset:2px}
.filter{margin:0 0 16px}
.gone{color:var(--bad)}
@media (max-width:720px){table,thead,tbody,tr,th,td,caption{display:block}thead{position:absolute;left:-9999px}td{border:0;padding:2px 8px}tbody tr{border-bottom:1px solid var(--line);padding:6px 0}.number{text-align:left}
td:nth-child(3)::before{content:"held "}td:nth-child(4)::before{content:"pods "}td:nth-child(5)::before{content:"asleep "}}
`;

/** Takes what the server sends, unless a control of it has the focus. */
export const SCRIPT = `
const live = document.getElementById('live');
const source = new EventSource('/events' + location.search);
let waiting;
const show = () => {
  if (waiting === undefined || live.contains(document.activeElement)) return;
  live.innerHTML = waiting;
  waiting = undefined;
};
source.addEventListener('status', ({ data }) => { waiting = JSON.parse(data); show(); live.classList.remove('gone'); });
source.addEventListener('error', () => live.classList.add('gone'));
document.addEventListener('focusout', () => setTimeout(show));
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post') return;
  event.preventDefault();
  document.activeElement.blur();
  fetch(form.action, { method: 'POST' }).then(async (answer) => { if (!answer.ok) alert((await answer.json()).message); });
});
`;
