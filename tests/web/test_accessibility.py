"""What every page owes to those who do not see it, or do not use a mouse."""

from page_house import PageHouse
from playwright.async_api import Page, expect

from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_RESERVED

FAULTS = """() => {
  const faults = [];
  const words = node => node.getAttribute('aria-label') || node.getAttribute('aria-labelledby') || node.textContent;
  const named = node => (words(node) || '').trim();
  const start = node => node.outerHTML.slice(0, 80);
  if (document.querySelectorAll('h1').length !== 1) faults.push('h1: ' + document.querySelectorAll('h1').length);
  if (!document.documentElement.lang) faults.push('no language');
  if (!document.title) faults.push('no title');
  if (document.querySelectorAll('main').length !== 1) faults.push('main');
  const ids = [...document.querySelectorAll('[id]')].map(node => node.id);
  if (new Set(ids).size !== ids.length) faults.push('an id twice');
  for (const node of document.querySelectorAll('button, a[href], [role=radio]')) {
    if (!named(node)) faults.push('no name: ' + start(node));
    const box = node.getBoundingClientRect();
    if (box.height && box.height < 24) faults.push('small target: ' + start(node));
  }
  for (const node of document.querySelectorAll('input, select, textarea'))
    if (!node.labels?.length && !node.getAttribute('aria-label')) faults.push('no label: ' + start(node));
  for (const node of document.querySelectorAll('aside, nav, section[role=log], main section.centre'))
    if (!named(node)) faults.push('landmark without a name: ' + node.tagName);
  for (const node of document.querySelectorAll('svg'))
    if (node.getAttribute('aria-hidden') !== 'true') faults.push('an icon that is read out');
  const levels = [...document.querySelectorAll('h1,h2,h3,h4')].map(node => Number(node.tagName[1]));
  if (Math.max(...levels) > 2 && !levels.includes(2)) faults.push('a level of headings is left out');
  return faults;
}"""

CONTRAST = """() => {
  const channel = value => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const ground = node => {
    for (let at = node; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faults = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || node.closest('button:disabled, .vh')) continue;
    const [a, b] = [light(numbers(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faults.push(`${ratio.toFixed(2)}: ${walker.currentNode.textContent.trim().slice(0, 40)}`);
  }
  return faults;
}"""


async def faultless(page: Page) -> None:
    """Look at a page in both themes."""
    assert await page.evaluate(FAULTS) == []
    for scheme in ("light", "dark"):
        # With motion, colours would still be on their way.
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await page.evaluate(CONTRAST) == [], scheme


async def test_the_desk_in_every_state(house: PageHouse) -> None:
    page = await house.desk()
    await expect(page.get_by_test_id("agent-state")).to_have_text("Not ready")
    await faultless(page)
    call_id = await house.story.waiting_call()
    await house.story.state(AGENT_STATE_RESERVED, call_id=call_id)
    await house.story.ring(call_id)
    await expect(page.get_by_role("alertdialog")).to_be_visible()
    await faultless(page)
    await house.story.connect(call_id)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Elena Marsh")
    await faultless(page)


async def test_the_call_page_before_and_in_a_call(house: PageHouse) -> None:
    page = await house.caller()
    await faultless(page)
    await page.get_by_role("button", name="Call now").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("On a call")
    await faultless(page)


async def test_the_desk_needs_no_mouse_and_no_wide_screen(house: PageHouse) -> None:
    page = await house.desk(width=480, height=800)
    await expect(page.get_by_test_id("agent-state")).to_have_text("Not ready")
    await page.get_by_role("radio", name="Ready", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("agent-state")).to_have_text("Ready")
    call_id = await house.story.waiting_call()
    await house.story.ring(call_id)
    await expect(page.get_by_role("button", name="Answer Enter")).to_be_focused()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
