/** The maintenance page for environments that bring none. */
export const DEFAULT_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Back in a moment</title>
<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>Back in a moment</h1>
<p>We are upgrading this site. Nothing you saved is lost. Please try again in a few seconds.</p>
</html>
`;
