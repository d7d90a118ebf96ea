// Looks at a page with axe-core, and notes in <html data-axe> what is a serious hindrance; check_axe.sh adds both.
'use strict';

setTimeout(async () => {
  document.querySelectorAll('details').forEach(details => { details.open = true; });
  const found = await axe.run(document, {resultTypes: ['violations']});
  const grave = found.violations.filter(each => ['serious', 'critical'].includes(each.impact));
  document.documentElement.dataset.axe =
      grave.map(each => `${each.id} (${each.nodes.length}): ${each.nodes[0].target.join(' ')}`).join('; ') ||
      `none of ${found.passes.length} rules`;
}, 500);
