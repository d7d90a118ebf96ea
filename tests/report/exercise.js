// Uses a report as a person would, and notes in <html data-exercised> what did not work; check_report.sh adds it.
'use strict';

(() => {
  const root = document.documentElement;
  const faults = [];
  const check = (good, what) => { if (!good) faults.push(what); };

  // The lines and bands on a chart's canvas: how many pixels are not transparent.
  const ink = plot => {
    let pixels = 0;
    for (const canvas of plot.querySelectorAll('canvas')) {
      const copy = document.createElement('canvas');
      copy.width = canvas.width;
      copy.height = canvas.height;
      const context = copy.getContext('2d', {willReadFrequently: true});
      context.drawImage(canvas, 0, 0);
      const data = context.getImageData(0, 0, copy.width, copy.height).data;
      for (let i = 3; i < data.length; i += 4) pixels += data[i] > 0;
    }
    return pixels;
  };
  const inks = () => [...document.querySelectorAll('.plot')].map(ink);

  function exercise() {
    const plots = [...document.querySelectorAll('.plot')];
    const before = inks();
    plots.forEach((plot, i) => {
      check(before[i] > 500, `chart ${i} is blank`);
      check(plot.getAttribute('aria-label'), `chart ${i} has no text`);
      check(plot.closest('figure').querySelector('details table tbody tr'), `chart ${i} has no table`);
      check(plot.querySelector('.dygraph-xlabel') && plot.querySelector('.dygraph-ylabel'), `chart ${i} has no units`);
      const canvas = plot.querySelector('canvas');
      check(Math.abs(canvas.clientWidth - plot.clientWidth) <= 1, `chart ${i} does not fill its place`);
    });

    // Legend buttons take lines away and bring them back.
    for (const button of document.querySelectorAll('.legend button')) {
      check(button.tabIndex >= 0 && button.getAttribute('aria-pressed') == 'true', 'legend button is no toggle');
      button.click();
      check(button.getAttribute('aria-pressed') == 'false', 'legend button does not toggle');
    }
    // One line alone needs no legend.
    const groups = JSON.parse(document.getElementById('data').textContent).flatMap(section => section.groups);
    if (groups.length > 1) {
      const hidden = inks();
      check(hidden.every((pixels, i) => pixels < before[i]), 'legend does not hide lines');
      for (const button of document.querySelectorAll('.legend button')) button.click();
      check(inks().every((pixels, i) => pixels > hidden[i]), 'legend does not show lines again');
    }

    // The theme's button changes the page's and the axes' colours.
    const page = () => getComputedStyle(document.body).backgroundColor;
    const light = page();
    document.getElementById('theme').click();
    check(page() != light, 'theme does not change');
    check(plots.every(plot => ink(plot) > 500), 'charts are gone in the other theme');
    document.getElementById('theme').click();
    check(page() == light, 'theme does not change back');

    // Paper: the evidence is open, JSON and the charts' numbers are not; then all is as it was.
    const states = () => [...document.querySelectorAll('details')].map(details => details.open).join();
    const before_print = states();
    dispatchEvent(new Event('beforeprint'));
    for (const details of document.querySelectorAll('details'))
      check(details.open == details.matches('.evidence'), 'wrong parts are open in print');
    dispatchEvent(new Event('afterprint'));
    check(states() == before_print, 'printing changes what is open');

    document.querySelectorAll('details').forEach(details => { details.open = true; });
    // A ResizeObserver speaks after the layout: see below.
    setTimeout(look_at_tables, 100);
  }

  function look_at_tables() {
    check(root.scrollWidth <= innerWidth, `page is ${root.scrollWidth} wide in a window of ${innerWidth}`);
    for (const table of document.querySelectorAll('table'))
      check(table.closest('.scroll[tabindex="0"][aria-label]'), 'table cannot be scrolled by keyboard');
    for (const place of document.querySelectorAll('.scroll')) {
      const more = place.scrollWidth > place.clientWidth + 1;
      check(place.hasAttribute('data-more') == more, `table ${place.ariaLabel} ${more ? 'hides' : 'invents'} columns`);
      if (more) {
        check(getComputedStyle(place, '::before').content.includes('Scroll'), 'no word of more columns');
        place.scrollLeft = 40;
        check(place.scrollLeft > 0, `table ${place.ariaLabel} does not scroll`);
      }
    }
    for (const name of document.querySelectorAll('.name:not(.long)'))
      check(name.getClientRects().length <= 1 && name.clientHeight < 60, `${name.textContent} is split`);
    document.querySelectorAll('.copy').forEach(button => button.click());
    check(document.querySelector('#repeat pre') || !document.querySelector('#repeat h4'), 'nothing to repeat');

    check(root.dataset.owned === undefined, 'text ran as a script');
    check([...document.images].every(image => image.src.startsWith('data:image/png;base64,') && image.naturalWidth > 0), 'a foreign image');
    check(performance.getEntriesByType('resource').every(entry => entry.name.startsWith('data:')), 'loads something');
    check(root.dataset.errors == '0', 'errors: ' + root.dataset.lastError);
    root.dataset.exercised = faults.join('; ') || 'ok';
    if (parent !== window) parent.postMessage(root.dataset.exercised, '*');
  }
  setTimeout(exercise, 500);
})();
