import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { SystemDisk } from '@oubliette/runtime';
import { Page } from '../../src/page/page.js';

const page = new Page(new SystemDisk());

it('the policy allows the script and the style that stand in the page, and nothing else', () => {
  for (const element of ['script', 'style']) {
    const inside = [...page.html.matchAll(new RegExp(`<${element}[^>]*>([^]*?)</${element}>`, 'g'))];
    assert.equal(inside.length, 1);
    const digest = createHash('sha256').update(inside[0]![1]!).digest('base64');
    assert.ok(page.contentSecurityPolicy.includes(`${element}-src 'sha256-${digest}';`), element);
  }
  assert.match(page.contentSecurityPolicy, /^default-src 'none';/);
  assert.doesNotMatch(page.contentSecurityPolicy, /unsafe|\*/);
});

it('the page puts no text into markup and needs nothing from elsewhere', () => {
  assert.doesNotMatch(
    page.html,
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\son\w+=|javascript:/,
  );
  assert.doesNotMatch(page.html, /(src|href)=|https?:\/\//);
});
