/**
 * What the page runs: asks, by a request that is held, how the wake-up goes, shows what it is told, and goes on. It must work in every
 * browser of the last ten years. Constant, so that its hash is.
 */
export const SCRIPT = `(function(){
var d=document,r=d.getElementById('serverless'),tries=0;
function id(n){return d.getElementById('serverless-'+n)}
function say(n,t){var e=id(n);if(e&&t!=null&&e.textContent!==t)e.textContent=t}
function later(ms){setTimeout(ask,ms)}
function go(){location.reload()}
function show(a,s){
tries=0;say('message',a.message);
var b=id('progress');
if(s==='failed'){if(a.title){say('title',a.title);d.title=a.title}var x=id('text');if(x)x.hidden=true;if(b)b.hidden=true;var y=id('retry');if(y)y.hidden=false;return}
if(b&&a.progress!=null)b.setAttribute('aria-valuenow',Math.round(a.progress*100));
later(a.pause||0)}
function ask(){
fetch(location.href,{headers:{'X-Serverless-Waiting':r.getAttribute('data-token'),Accept:'application/json'},cache:'no-store',credentials:'same-origin',redirect:'manual'}).then(function(p){
var s=p.headers.get('X-Serverless-Waiting');
if(s==='waiting'||s==='failed')return p.json().then(function(a){show(a,s)});
if(s==='unknown')return setTimeout(go,3000);
go()
}).catch(function(){later(Math.min(5000,500*++tries))})}
if(r&&window.fetch&&r.getAttribute('data-token'))ask();else if(r)setTimeout(go,3000)
})()`;

/** Percent, without a needless fraction. */
export function percent(progress: number): string {
  return `${Math.round(progress * 1000) / 10}%`;
}

/**
 * @param color accent, `#rgb` or `#rrggbb`: of the bar and of borders only, so that no colour makes text unreadable
 * @param progress undefined: a bar without a known end
 * @param endsInMs until when the bar goes on by itself
 */
export function style(color: string, progress: number | undefined, endsInMs: number): string {
  const seconds = Math.max(1, Math.round(endsInMs / 1000));
  const bar =
    progress === undefined
      ? '@keyframes serverless{0%{margin-inline-start:-30%}100%{margin-inline-start:100%}}#serverless-progress i{width:30%;animation:serverless 2s linear infinite}'
      : `@keyframes serverless{from{width:${percent(progress)}}to{width:95%}}#serverless-progress i{width:${percent(progress)};animation:serverless ${seconds}s linear forwards}`;
  return (
    ':root{color-scheme:light dark;--bg:#fff;--fg:#1a1a1a;--soft:#595959;--line:#d9d9d9}' +
    '@media(prefers-color-scheme:dark){:root{--bg:#16181c;--fg:#f1f1f1;--soft:#b4b8bf;--line:#3a3f47}}' +
    'body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;background:var(--bg);color:var(--fg);' +
    'font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}' +
    'main{box-sizing:border-box;width:100%;max-width:32rem;padding:1.5rem;overflow-wrap:anywhere}' +
    'h1{font-size:1.6rem;line-height:1.2;margin:0 0 .5rem}p{margin:0 0 1rem}#serverless-message{color:var(--soft);min-height:1.5em}' +
    '#serverless-logo{display:block;max-width:10rem;max-height:4rem;margin:0 0 1.5rem}' +
    '#serverless-progress{height:.5rem;border-radius:.25rem;background:var(--line);overflow:hidden;margin:0 0 1rem}' +
    `#serverless-progress i{display:block;height:100%;border-radius:.25rem;background:${color}}${bar}` +
    '[hidden]{display:none!important}' +
    `#serverless-retry{display:inline-block;padding:.5rem 1rem;border:2px solid ${color};border-radius:.4rem;color:inherit;text-decoration:none}` +
    `a:focus-visible{outline:3px solid ${color};outline-offset:3px}` +
    '@media(prefers-reduced-motion:reduce){#serverless-progress i{animation:none}}' +
    '@media(forced-colors:active){#serverless-progress i{background:Highlight}}'
  );
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
